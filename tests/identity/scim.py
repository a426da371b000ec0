"""What an identity provider sends over SCIM."""

import json
import urllib.error
import urllib.parse
import urllib.request

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Scim:
    """What an identity provider does."""

    def __init__(self, gateway, token, context=None):
        """With the `context` of ssl: over HTTPS."""
        self.url, self.token = f"{'https' if context else 'http'}://127.0.0.1:{gateway.http}/scim/v2", token
        self.context = context

    def __call__(self, method, path, body=None, token=None, url=None, **headers):
        """(status, body, headers)"""
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        request = urllib.request.Request(
            (url or self.url) + path, json.dumps(body).encode() if body is not None else None, method=method,
            headers={"Authorization": "Bearer " + (self.token if token is None else token),
                     "Content-Type": "application/scim+json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=30, context=self.context) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None, answer.headers
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text else None, error.headers

    def user(self, name, **more):
        status, body, _ = self("POST", "/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
                                                  "userName": name, **more})
        assert status == 201, body
        return body

    def group(self, name, *members):
        status, body, _ = self("POST", "/Groups", {"displayName": name, "members": [{"value": m["id"]} for m in members]})
        assert status == 201, body
        return body

    def patch(self, path, *operations):
        return self("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def find(self, kind, filter):
        status, body, _ = self("GET", f"/{kind}?" + urllib.parse.urlencode({"filter": filter}))
        assert status == 200, body
        return body["Resources"]
