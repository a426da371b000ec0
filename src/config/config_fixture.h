#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

namespace sluice::config {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class ConfigFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("sluice-config-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    write("password", "secret\n");
    chmod((folder_ / "password").c_str(), 0600);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  Result<Config> load_text(const std::string& text) {
    write("c.yaml", text);
    return load(folder_ / "c.yaml");
  }
  std::string problems(const std::string& text) {
    const auto config = load_text(text);
    return config ? "no problem" : config.error().text;
  }

  std::filesystem::path folder_;
};

constexpr const char* kGood = R"(listen: { postgres: "[::1]:7000", http: 127.0.0.1:8432 }
state: state
databases:
  - name: orders
    environment: production
    url: postgres://db.internal:5433/or%64ers?sslmode=verify-full&sslrootcert=ca.pem
    user: sluice
    password_file: password
    pool: { size: 7, idle_timeout: 2h }
)";

}  // namespace sluice::config
