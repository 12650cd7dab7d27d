"""When people at the company work: weekdays from nine to six in Berlin, closed at Christmas and New Year."""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collectors.sandbox.company import ZONE

CLOSED = {(12, 24), (12, 25), (12, 26), (12, 31), (1, 1)}


def noon(day: date, hour: float = 12) -> int:
    """Return the epoch second at which a UTC day reaches an hour."""
    return int(datetime.combine(day, time(), UTC).timestamp() + hour * 3600)


class Hours:
    """Working days as epoch seconds, and moments counted in working hours."""

    def __init__(self, first: date, weeks: int) -> None:
        zone = ZoneInfo(ZONE)
        days = (first + timedelta(days=n) for n in range(weeks * 7))
        self.days = [day for day in days if day.weekday() < 5 and (day.month, day.day) not in CLOSED]
        self.starts = [int(datetime.combine(day, time(9), zone).timestamp()) for day in self.days]
        self.ends = [start + 9 * 3600 for start in self.starts]

    def after(self, moment: float, hours: float) -> int:
        """Return the moment so many working hours later; a moment outside working hours counts as the next morning."""
        place = bisect_right(self.ends, moment)
        moment, left = max(moment, self.starts[place]), hours * 3600
        while moment + left > self.ends[place]:
            left -= self.ends[place] - moment
            place += 1
            moment = self.starts[place]
        return int(moment + left)
