// A temporary folder that hands out its paths as text, and makes scripts.
#pragma once

#include <filesystem>
#include <string>

#include "test/temporary_folder.h"

namespace migrate::fakes {

class Folder {
 public:
  [[nodiscard]] std::string operator/(const std::string& name) const { return (folder_ / name).string(); }

  std::string write(const std::string& name, const std::string& content) const {
    test::write_text(folder_ / name, content);
    return *this / name;
  }

  std::string write_script(const std::string& name, const std::string& body) const {
    std::string path = write(name, "#!/bin/sh\n" + body);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

 private:
  test::TemporaryFolder folder_;
};

}  // namespace migrate::fakes
