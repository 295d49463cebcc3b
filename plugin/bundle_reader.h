// Reads for a support bundle, with the user's own rights: whatever comes is redacted at once, so that no other part of
// the plugin can forget to; what does not come is noted in the bundle's errors.txt and nothing ends because of it.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "plugin/io.h"
#include "shared/support/bundle.h"
#include "shared/support/log_lines.h"

namespace migrate::plugin {

class BundleReader {
 public:
  BundleReader(const Session& session, support::Bundle& bundle);

  // Nothing: it is not there, or could not be read.
  [[nodiscard]] std::optional<nlohmann::json> get(const kube::ResourcePath& path);
  // The items, with kind and version.
  [[nodiscard]] std::vector<nlohmann::json> list(const kube::ResourcePath& collection,
                                                 const kube::ListOptions& options = {});
  // The JSON at any path of the server, "/version".
  [[nodiscard]] std::optional<nlohmann::json> ask(const std::string& target);
  // What came of it before it broke counts; false: nothing did.
  bool log(const kube::ResourcePath& pod, const kube::LogOptions& options, support::LogLines& lines);

  // For the screen: what could not be read since the last time this was called. What is not there is no trouble.
  [[nodiscard]] std::vector<std::string> take_troubles();
  [[nodiscard]] bool has_read() const { return has_read_; }
  // The API server has given no answer at all so far, and there is no use in asking it more: why. Empty: it has.
  [[nodiscard]] const std::string& cut_off_by() const { return cut_off_by_; }

 private:
  [[nodiscard]] bool may_ask(const std::string& attempt);
  void note(const std::string& attempt, const kube::ApiError& error);

  const Session& session_;
  support::Bundle& bundle_;
  std::chrono::steady_clock::time_point until_;
  std::vector<std::string> troubles_;
  bool has_read_ = false;
  std::string cut_off_by_;
};

}  // namespace migrate::plugin
