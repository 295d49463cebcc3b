// What `cleanup` says: what it has found, and what became of each. As text while it goes on, or as one document at the
// end.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plugin/arguments.h"
#include "plugin/cleanup_finds.h"
#include "plugin/io.h"

namespace migrate::plugin {

// `pod "orders-mig-ab12c" in namespace shop`
[[nodiscard]] std::string described(const std::string& kind, const std::string& name, const std::string& namespace_);

class CleanupReport {
 public:
  CleanupReport(const Io& io, const Options& options) : io_(io), options_(options) {}

  void list(const Findings& found);
  void done(const Leftover& leftover);
  void failed(const Leftover& leftover, const std::string& why);
  // The document, if that was asked for; whether nothing failed.
  bool conclude();

 private:
  void paragraph(const std::string& head, const std::string& text);

  const Io& io_;
  const Options& options_;
  bool has_failed_ = false;
  nlohmann::json leftovers_ = nlohmann::json::array();
  nlohmann::json alone_ = nlohmann::json::array();
  std::size_t told_ = 0;  // of leftovers_, those whose end is known
};

}  // namespace migrate::plugin
