// What is collected for a maintainer, as a value: files, and what could not be had. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/units.h"

namespace migrate::support {

struct BundleFile {
  std::string path;  // relative, "logs/NODE/agent.log"
  std::string text;
};

class Bundle {
 public:
  // An empty text is no file. Whatever a path has that is not fit for a file's name becomes '_'.
  void add(const std::string& path, std::string text);
  // A line of errors.txt: what was attempted and what came of it.
  void could_not(std::string_view attempt, std::string_view why);
  // The last thing that is done: takes out, and names, files that a secret is left in, and adds errors.txt.
  void seal();

  [[nodiscard]] const std::vector<BundleFile>& files() const { return files_; }
  [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }
  [[nodiscard]] Bytes size() const;

 private:
  std::vector<BundleFile> files_;
  std::vector<std::string> errors_;
};

inline constexpr std::string_view kErrorsFile = "errors.txt";

}  // namespace migrate::support
