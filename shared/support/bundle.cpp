#include "shared/support/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "shared/support/secret_shapes.h"

namespace migrate::support {
namespace {

// Names come from the API server, whose word for them is not taken: no part of a path may lead out of the bundle.
std::string fit(const std::string& path) {
  std::string made;
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || c == '/' ||
                          (c == '.' && !made.empty() && made.back() != '.' && made.back() != '/');
    made += is_plain ? c : '_';
  }
  return made.starts_with('/') ? "_" + made : made;
}

// One line, without what a terminal would obey.
std::string line_of(std::string_view text) {
  std::string line = masked(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

}  // namespace

void Bundle::add(const std::string& path, std::string text) {
  if (!text.empty()) files_.push_back({fit(path), std::move(text)});
}

void Bundle::could_not(std::string_view attempt, std::string_view why) {
  errors_.push_back(fmt::format("{}: {}", line_of(attempt), line_of(why)));
}

void Bundle::seal() {
  std::vector<BundleFile> clean;
  clean.reserve(files_.size() + 1);
  for (BundleFile& file : files_) {
    const auto shape = secret_left_in(file.text);
    if (!shape) clean.push_back(std::move(file));
    if (shape) could_not(file.path, fmt::format("left out: it has what looks like {}", *shape));
  }
  std::string text;
  for (const std::string& error : errors_)
    text += (secret_left_in(error) ? "(a line that has what looks like a secret)" : error) + "\n";
  clean.push_back({std::string(kErrorsFile), text.empty() ? "Everything could be read.\n" : text});
  files_ = std::move(clean);
}

Bytes Bundle::size() const {
  Bytes whole;
  for (const BundleFile& file : files_)
    whole.count += file.text.size();
  return whole;
}

}  // namespace migrate::support
