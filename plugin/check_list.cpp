#include "plugin/check_list.h"

#include <fmt/format.h>

#include <array>
#include <ostream>

#include "plugin/format.h"
#include "shared/kube/status.h"

namespace migrate::plugin {
namespace {

// By Mark; in ASCII all of one width, so that the texts stand below each other.
constexpr std::array<std::string_view, 4> kSymbols = {"√", "×", "‼", "-"};
constexpr std::array<std::string_view, 4> kWords = {"ok  ", "FAIL", "note", "skip"};
constexpr std::array<std::string_view, 4> kColours = {"\x1b[32m", "\x1b[31m", "\x1b[33m", ""};

std::string indented(std::string_view text, std::string_view by) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines += fmt::format("{}{}\n", by, kube::printable(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

void CheckList::group(std::string_view title) {
  io_.out.stream << fmt::format("{}{}\n{}\n", is_first_ ? "" : "\n", title, std::string(characters(title), '-'));
  is_first_ = false;
}

void CheckList::ok(std::string_view what) {
  line(Mark::ok, what);
}

void CheckList::failed(std::string_view what, std::string_view why, std::string_view hint) {
  has_failed_ = true;
  line(Mark::failed, what, why, hint);
}

void CheckList::note(std::string_view what, std::string_view why) {
  line(Mark::note, what, why);
}

void CheckList::skipped(std::string_view what, std::string_view why) {
  line(Mark::skipped, what, why);
}

bool CheckList::conclude() {
  const auto mark = static_cast<std::size_t>(has_failed_ ? Mark::failed : Mark::ok);
  io_.out.stream << fmt::format("\nStatus check results are {}\n",
                                io_.is_unicode ? kSymbols.at(mark) : (has_failed_ ? "FAIL" : "ok"));
  io_.out.stream.flush();
  return !has_failed_;
}

void CheckList::line(Mark mark, std::string_view what, std::string_view why, std::string_view hint) {
  const auto index = static_cast<std::size_t>(mark);
  const std::string_view symbol = io_.is_unicode ? kSymbols.at(index) : kWords.at(index);
  const std::string_view colour = io_.out.is_colour ? kColours.at(index) : "";
  io_.out.stream << fmt::format("{}{}{} {}\n", colour, symbol, colour.empty() ? "" : "\x1b[0m", kube::printable(what));
  io_.out.stream << indented(why, "    ");
  if (!hint.empty()) io_.out.stream << fmt::format("    see {} for hints\n", hint);
  io_.out.stream.flush();
}

}  // namespace migrate::plugin
