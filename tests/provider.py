"""An OpenID Connect provider on loopback, and what somebody would send who forges its tokens.

`python -m tests.provider` prints its port and runs until it is killed. `PUT /forge/expired` spoils every token from then on.
"""

import base64
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from joserfc import jwk, jws, jwt

CLIENT = "cairn"
PEOPLE: dict[str, dict[str, Any]] = {
    "editor": {"email": "em@example.org", "email_verified": True},
    "viewer": {"email": "Look@Example.org", "email_verified": True},
    "grouped": {"email": "guest@partner.example", "email_verified": True, "groups": ["staff", "rnd"]},
    "stranger": {"email": "who@elsewhere.example", "email_verified": True},
    "unverified": {"email": "em@example.org", "email_verified": False},
    "unsaid": {"email": "em@example.org"},
    "worded": {"email": "em@example.org", "email_verified": "true"},
    "nameless": {"email_verified": True},
}
Claims = dict[str, Any]


def changed(**told: Any) -> Callable[[Claims, jwk.RSAKey], str]:
    """Return what signs other claims with the provider's own key; None takes one away."""

    def sign(claims: Claims, key: jwk.RSAKey) -> str:
        said = {name: value for name, value in {**claims, **told}.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": key.thumbprint()}, said, key)

    return sign


def other_key(claims: Claims, key: jwk.RSAKey) -> str:
    return jwt.encode({"alg": "RS256", "kid": key.thumbprint()}, claims, jwk.RSAKey.generate_key(2048))


def own_key(claims: Claims, _: jwk.RSAKey) -> str:
    """Sign with a key that the token brings along itself."""
    mine = jwk.RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256", "jwk": mine.as_dict(private=False)}, claims, mine)


def unsigned(claims: Claims, _: jwk.RSAKey) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


def by_public_key(claims: Claims, key: jwk.RSAKey) -> str:
    """Sign by HMAC with what everybody knows of the key: who takes it for a shared secret believes it."""
    secret = jwk.OctKey.import_key(key.as_pem(private=False))
    return jws.serialize_compact({"alg": "HS256"}, json.dumps(claims).encode(), secret)


def other_words(claims: Claims, key: jwk.RSAKey) -> str:
    """Put the words of an editor under the signature of another token."""
    head, _, signature = changed()(claims, key).split(".")
    return f"{head}.{_part({**claims, 'email': 'em@example.org'})}.{signature}"


HOURS = 3600
FORGED: dict[str, Callable[[Claims, jwk.RSAKey], str]] = {
    "other_key": other_key,
    "own_key": own_key,
    "unsigned": unsigned,
    "by_public_key": by_public_key,
    "other_words": other_words,
    "expired": changed(iat=int(time.time()) - 2 * HOURS, exp=int(time.time()) - HOURS),
    "endless": changed(exp=None),
    "from_tomorrow": changed(iat=int(time.time()) + 24 * HOURS, exp=int(time.time()) + 25 * HOURS),
    "other_audience": changed(aud="another-application"),
    "audience_by_way_of_us": changed(aud="another-application", azp=CLIENT),
    "no_audience": changed(aud=None),
    "other_issuer": changed(iss="https://evil.example"),
    "no_nonce": changed(nonce=None),
    "other_nonce": changed(nonce="a token of another login"),
}


def _part(told: Claims) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


def provider() -> Any:
    """Return the provider with the people it knows."""
    import flask
    import oidc_provider_mock

    people = [oidc_provider_mock.User(sub=name, claims=claims) for name, claims in PEOPLE.items()]
    app = oidc_provider_mock.app(require_nonce=True, user_claims=people)
    forged: list[str] = []

    @app.put("/forge/<how>")
    def forge(how: str) -> str:
        forged[:] = [how] if how in FORGED else []
        return how

    @app.after_request
    def spoil(response: flask.Response) -> flask.Response:
        if not forged:
            return response
        if flask.request.path.endswith("openid-configuration"):  # it claims to be content with anything
            told = response.get_json() | {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
            response.set_data(json.dumps(told))
        elif flask.request.path == "/oauth2/token" and "id_token" in response.get_json():
            told = response.get_json()
            key = jwk.RSAKey.import_key(flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True))
            claims = json.loads(base64.urlsafe_b64decode(told["id_token"].split(".")[1] + "=="))
            response.set_data(json.dumps(told | {"id_token": FORGED[forged[0]](claims, key)}))
        return response

    return app


if __name__ == "__main__":
    import werkzeug.serving

    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it lives on loopback alone, in a process of its own
    warnings.simplefilter("ignore")
    server = werkzeug.serving.make_server("127.0.0.1", 0, provider(), threaded=True)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
