"""A browser without a screen: follows the forms of oidc-provider's devInteractions until it is sent home."""

import html.parser
import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request


class Form(html.parser.HTMLParser):
    """The first form of a page."""

    def __init__(self, text):
        super().__init__()
        self.action, self.method, self.fields, self.closed = None, "post", {}, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "form" and self.action is None:
            self.action, self.method = given.get("action", ""), given.get("method", "post").lower()
        if tag == "input" and self.action is not None and not self.closed and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag):
        self.closed = self.closed or (tag == "form" and self.action is not None)


class Halt(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    def __init__(self):
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy=http.cookiejar.DefaultCookiePolicy(
                secure_protocols=("https", "http")))), Halt)

    def open(self, url, home, data=None):
        """(url, page) where it ends; redirections are followed until one leads to `home`."""
        for _ in range(20):
            try:
                with self.opener.open(urllib.request.Request(url, data=data), timeout=20) as answer:
                    return url, answer.read().decode()
            except urllib.error.HTTPError as error:
                if error.code not in (302, 303, 307):
                    return url, error.read().decode()
                url, data = urllib.parse.urljoin(url, error.headers["Location"]), None
                if home and url.startswith(home):
                    return url, ""
        raise RuntimeError("redirected without end")

    def log_in(self, url, account, home=None, user_code=None):
        """Fills in what is asked for; the url that it was sent home with, or the last page."""
        url, page = self.open(url, home)
        for _ in range(10):
            if home and url.startswith(home):
                return url
            form = Form(page)
            if form.action is None:
                return page
            fields = dict(form.fields)
            for name in fields:
                if name == "login":
                    fields[name] = account
                elif name == "password":
                    fields[name] = "any"
                elif name == "user_code" and user_code:
                    fields[name] = user_code
            target = urllib.parse.urljoin(url, form.action or url)
            url, page = self.open(target, home, urllib.parse.urlencode(fields).encode())
        raise RuntimeError("asked without end:\n" + page)
