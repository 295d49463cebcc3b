#include "plugin/check_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <ostream>

#include "plugin/format.h"
#include "plugin/output.h"
#include "plugin/progress.h"
#include "shared/kube/status.h"

namespace migrate::plugin {
namespace {

// By Mark; in ASCII all of one width, so that the texts stand below each other.
constexpr std::array<std::string_view, 4> kSymbols = {"√", "×", "‼", "-"};
constexpr std::array<std::string_view, 4> kWords = {"ok  ", "FAIL", "note", "skip"};
constexpr std::array<std::string_view, 4> kColours = {"\x1b[32m", "\x1b[31m", "\x1b[33m", ""};
// As linkerd's `check -o json` calls them.
constexpr std::array<std::string_view, 4> kResults = {"success", "error", "warning", "skipped"};

constexpr std::size_t kMargin = 4;

constexpr std::string_view kToBeCopied = "    ";  // how a line of a file begins: it stays in one piece

// `width` of a screen; 0: lines as they are, for who reads them by a program.
std::string indented(std::string_view text, std::size_t width) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = kube::printable(text.substr(0, end));
    const bool stays = width == 0 || line.starts_with(kToBeCopied);
    const auto pieces = stays ? std::vector<std::string>{line} : wrapped(line, width - kMargin);
    for (const std::string& piece : pieces)
      lines += fmt::format("{:{}}{}\n", "", kMargin, piece);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

void CheckList::group(std::string_view title) {
  if (!is_document())
    io_.out.stream << fmt::format("{}{}\n{}\n", groups_.empty() ? "" : "\n", title,
                                  std::string(characters(title), '-'));
  groups_.push_back({std::string(title), {}});
}

void CheckList::add(Check check) {
  has_failed_ = has_failed_ || check.mark == Mark::failed;
  if (!is_document()) return print(check);
  if (groups_.empty()) groups_.emplace_back();
  groups_.back().checks.push_back(std::move(check));
}

void CheckList::ok(std::string_view what) {
  add({Mark::ok, std::string(what)});
}

void CheckList::failed(std::string_view what, std::string_view why, std::string_view hint) {
  add({Mark::failed, std::string(what), std::string(why), std::string(hint)});
}

void CheckList::note(std::string_view what, std::string_view why, std::string_view hint) {
  add({Mark::note, std::string(what), std::string(why), std::string(hint)});
}

void CheckList::skipped(std::string_view what, std::string_view why) {
  add({Mark::skipped, std::string(what), std::string(why)});
}

bool CheckList::conclude() {
  const auto mark = static_cast<std::size_t>(has_failed_ ? Mark::failed : Mark::ok);
  if (is_document())
    print_document();
  else
    io_.out.stream << fmt::format("\nStatus check results are {}\n",
                                  io_.is_unicode ? kSymbols.at(mark) : (has_failed_ ? "FAIL" : "ok"));
  io_.out.stream.flush();
  return !has_failed_;
}

void CheckList::print(const Check& check) const {
  const auto index = static_cast<std::size_t>(check.mark);
  const std::string_view symbol = io_.is_unicode ? kSymbols.at(index) : kWords.at(index);
  const std::string_view colour = io_.out.is_colour ? kColours.at(index) : "";
  io_.out.stream << fmt::format("{}{}{} {}\n", colour, symbol, colour.empty() ? "" : "\x1b[0m",
                                kube::printable(check.what));
  io_.out.stream << indented(check.why, io_.out.is_live ? style_of(io_, io_.out).width : 0);
  if (!check.hint.empty()) io_.out.stream << fmt::format("    see {} for hints\n", check.hint);
  io_.out.stream.flush();
}

void CheckList::print_document() const {
  using Json = nlohmann::json;
  Json categories = Json::array();
  for (const Group& group : groups_) {
    Json checks = Json::array();
    for (const Check& check : group.checks) {
      Json one = {{"description", check.what}, {"result", kResults.at(static_cast<std::size_t>(check.mark))}};
      if (!check.why.empty()) one["error"] = check.why;
      if (!check.hint.empty()) one["hint"] = check.hint;
      checks.push_back(std::move(one));
    }
    categories.push_back({{"categoryName", group.title}, {"checks", std::move(checks)}});
  }
  print_object(io_.out.stream, output_, {{"success", !has_failed_}, {"categories", std::move(categories)}});
}

}  // namespace migrate::plugin
