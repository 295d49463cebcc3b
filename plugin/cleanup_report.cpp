#include "plugin/cleanup_report.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <ostream>

#include "plugin/format.h"
#include "plugin/output.h"

namespace migrate::plugin {
namespace {

using Json = nlohmann::json;

Json entry(const std::string& kind, const std::string& namespace_, const std::string& name, const std::string& why) {
  Json made = {{"kind", kind}, {"name", name}, {"why", why}};
  if (!namespace_.empty()) made["namespace"] = namespace_;
  return made;
}

}  // namespace

std::string described(const std::string& kind, const std::string& name, const std::string& namespace_) {
  return fmt::format("{} \"{}\"{}", kind, one_line(name),
                     namespace_.empty() ? "" : fmt::format(" in namespace {}", namespace_));
}

// What goes into a file or a pipe is not broken into lines.
void CleanupReport::paragraph(const std::string& head, const std::string& text) {
  const std::size_t width = io_.out.is_live ? io_.screen().columns : std::numeric_limits<std::size_t>::max();
  io_.out.stream << "  " << head << '\n';
  for (const std::string& line : wrapped("      ", one_line(text), width))
    io_.out.stream << line << '\n';
}

void CleanupReport::list(const Findings& found) {
  for (const Leftover& one : found.leftovers)
    leftovers_.push_back(entry(one.kind, one.namespace_, one.name, one.why));
  for (const LeftAlone& one : found.alone)
    alone_.push_back(entry(one.kind, one.namespace_, one.name, one.why));
  if (is_document(options_.output)) return;
  std::ostream& stream = io_.out.stream;
  if (found.leftovers.empty()) stream << "Nothing is left over.\n";
  if (!found.leftovers.empty()) stream << fmt::format("Left over ({}):\n", found.leftovers.size());
  for (const Leftover& one : found.leftovers)
    paragraph(described(one.kind, one.name, one.namespace_), one.why);
  if (!found.alone.empty()) stream << fmt::format("\nFor you to decide ({}):\n", found.alone.size());
  for (const LeftAlone& one : found.alone)
    paragraph(described(one.kind, one.name, one.namespace_), one.why);
  if (!found.alone.empty()) stream << "  See docs/troubleshooting.md#what-is-left-over\n";
  if (!found.leftovers.empty() && options_.dry_run == DryRun::none) stream << '\n';
  stream.flush();
}

void CleanupReport::done(const Leftover& leftover) {
  leftovers_.at(told_++)["result"] = leftover.done;
  if (is_document(options_.output)) return;
  io_.out.stream << fmt::format(
      "{} \"{}\" {}{}\n", leftover.kind, one_line(leftover.name), leftover.done,
      leftover.namespace_.empty() ? "" : fmt::format(" in namespace {}", leftover.namespace_));
  io_.out.stream.flush();
}

void CleanupReport::failed(const Leftover& leftover, const std::string& why) {
  has_failed_ = true;
  leftovers_.at(told_++)["error"] = why;
  io_.err.stream << fmt::format("error: {}: {}\n", described(leftover.kind, leftover.name, leftover.namespace_),
                                one_line(why));
  io_.err.stream.flush();
}

bool CleanupReport::conclude() {
  std::ostream& stream = io_.out.stream;
  if (options_.output == Output::name)
    for (const Json& one : leftovers_)
      stream << fmt::format("{}/{}\n", one.at("kind").get<std::string>(), one.at("name").get<std::string>());
  else if (is_document(options_.output))
    print_object(stream, options_.output,
                 {{"dryRun", options_.dry_run != DryRun::none}, {"leftovers", leftovers_}, {"leftAlone", alone_}});
  stream.flush();
  return !has_failed_;
}

}  // namespace migrate::plugin
