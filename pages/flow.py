"""Flow & quality: how changes reach users and what happens on the way, a group of charts at a time."""

from pages import reading
from pages.parts import section

SECTIONS = {
    "Delivery": (
        "deployment_frequency",
        "change_lead_time",
        "change_fail_rate",
        "failed_deployment_recovery_time",
        "deployment_rework_rate",
    ),
    "Pull requests": (
        "pull_request_cycle_time",
        "age_of_open_pull_requests",
        "coding_time",
        "pickup_time",
        "review_time",
        "merge_time",
        "deploy_time",
        "pickup_working_time",
    ),
    "Reviews": (
        "pull_request_size",
        "review_depth",
        "unreviewed_share",
        "rework_after_review",
        "closed_without_merging",
    ),
    "Issues": (
        "throughput",
        "issue_lead_time",
        "issue_cycle_time",
        "time_in_status",
        "flow_efficiency",
        "work_in_progress",
        "age_of_work_in_progress",
        "issues_cancelled",
    ),
    "Mix": ("work_mix", "unsorted_work", "unplanned_work", "work_without_issue"),
    "Bugs": (
        "bugs_opened",
        "bugs_resolved",
        "open_bugs",
        "age_of_open_bugs",
        "bug_time_to_fix",
        "escaped_bugs",
        "escape_rate",
        "bugs_reopened",
    ),
    "Checks": ("ci_wait", "ci_queue", "ci_failure_share", "ci_rerun_share"),
}

MONTHLY = ("escape_rate", "bugs_reopened")

section(reading.edition(), SECTIONS, key="flow", monthly=MONTHLY)
