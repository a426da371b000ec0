#include "control/console_files.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/test_folder.h"

namespace sluice::control {
namespace {

class ConsoleFilesTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& bytes) {
    const auto path = folder_ / "dist" / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static HttpRequest get(std::string path, std::map<std::string, std::string> headers = {}) {
    HttpRequest request{"GET", std::move(path), ""};
    request.headers = std::move(headers);
    return request;
  }
  TestFolder folder_;
};

TEST_F(ConsoleFilesTest, FilesAndPages) {
  put("index.html", "<html>");
  put("assets/app-1a2b.js", "code");
  put("assets/app-1a2b.js.gz", "zipped");
  const auto files = ConsoleFiles::load(folder_ / "dist");
  ASSERT_TRUE(files) << files.error().text;
  const auto page = files->answer(get("/approvals/12?x=1"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->body, "<html>");
  EXPECT_EQ(page->headers.at("Cache-Control"), "no-cache");
  EXPECT_NE(page->headers.at("Content-Security-Policy").find("default-src 'self'"),
            std::string::npos);
  const auto plain = files->answer(get("/assets/app-1a2b.js"));
  EXPECT_EQ(plain->body, "code");
  EXPECT_EQ(plain->content_type, "text/javascript; charset=utf-8");
  EXPECT_NE(plain->headers.at("Cache-Control").find("immutable"), std::string::npos);
  const auto zipped = files->answer(get("/assets/app-1a2b.js", {{"accept-encoding", "br, gzip"}}));
  EXPECT_EQ(zipped->body, "zipped");
  EXPECT_EQ(zipped->headers.at("Content-Encoding"), "gzip");
  const auto known =
      files->answer(get("/assets/app-1a2b.js", {{"if-none-match", plain->headers.at("ETag")}}));
  EXPECT_EQ(known->status, 304);
}

TEST_F(ConsoleFilesTest, NothingBesidesThem) {
  put("index.html", "<html>");
  std::ofstream(folder_ / "secret") << "secret";
  const auto files = ConsoleFiles::load(folder_ / "dist");
  ASSERT_TRUE(files);
  EXPECT_EQ(files->answer(get("/../secret"))->body, "<html>");
  EXPECT_EQ(files->answer(get("/%2e%2e/secret"))->body, "<html>");
  EXPECT_EQ(files->answer(get("/assets/none.js"))->status, 404);
  for (const char* path : {"/api/v1/users", "/mcp", "/metrics", "/healthz", "/scim/v2/Users",
                           "/tlog/checkpoint", "/.well-known/oauth-protected-resource"})
    EXPECT_FALSE(files->answer(get(path))) << path;
  HttpRequest post = get("/");
  post.method = "POST";
  EXPECT_FALSE(files->answer(post));
}

TEST_F(ConsoleFilesTest, AFolderWithoutOne) {
  EXPECT_FALSE(ConsoleFiles::load(folder_.path()));
  EXPECT_FALSE(ConsoleFiles::load(folder_.path() / "none"));
  EXPECT_EQ(ConsoleFiles::find("/some/where"), "/some/where");
}

}  // namespace
}  // namespace sluice::control
