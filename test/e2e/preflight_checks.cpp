#include "test/e2e/preflight_checks.h"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace harness {
namespace {

// From the line that begins so to the next one that is not below it; empty: there is none.
std::string with_what_is_below(const std::string& output, const std::string& begin) {
  const std::string text = "\n" + output;
  const std::size_t start = text.find("\n" + begin);
  if (start == std::string::npos) return "";
  std::size_t end = text.find('\n', start + 1);
  while (end != std::string::npos && text.compare(end, 5, "\n    ") == 0)
    end = text.find('\n', end + 1);
  return text.substr(start + 1, end == std::string::npos ? end : end - start);
}

std::string trouble_of(const std::string& output, const CheckLine& wanted) {
  const std::string found = with_what_is_below(output, wanted.begin);
  if (found.empty()) return fmt::format("no line \"{}\"\n", wanted.begin);
  Words parts = wanted.below;
  if (!wanted.section.empty())
    parts.push_back(fmt::format("\n    see docs/troubleshooting.md#{} for hints\n", wanted.section));
  std::string text;
  for (const std::string& part : parts)
    if (found.find(part) == std::string::npos) text += fmt::format("nothing of \"{}\" in\n{}", part, found);
  return text;
}

std::string trouble_of_code(const migrate::Completed& done, int code) {
  return code_of(done) == code ? "" : fmt::format("exit code {} was asked for\n", code);
}

}  // namespace

void print_in_ascii() {
  ::setenv("LC_ALL", "C", 1);  // NOLINT(concurrency-mt-unsafe)
}

std::string trouble(const migrate::Completed& done, int code, const std::vector<CheckLine>& lines) {
  std::string text = trouble_of_code(done, code);
  for (const CheckLine& line : lines)
    text += trouble_of(done.output, line);
  return text.empty() ? "" : text + text_of(done);
}

std::string trouble_of_words(const migrate::Completed& done, int code, const Words& parts) {
  std::string text = trouble_of_code(done, code);
  for (const std::string& part : parts)
    if ((done.output + done.errors).find(part) == std::string::npos) text += fmt::format("nothing of \"{}\"\n", part);
  return text.empty() ? "" : text + text_of(done);
}

void await_check(const std::function<migrate::Completed()>& check, int code, const std::vector<CheckLine>& lines,
                 std::chrono::seconds limit) {
  const std::string wanted =
      lines.empty() ? fmt::format("end with {}", code) : fmt::format("say \"{}\"", lines.front().begin);
  std::string last;
  try {
    eventually(
        "kubectl migrate check to " + wanted, [&] { return (last = trouble(check(), code, lines)).empty(); }, limit);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("{}; at last: {}", error.what(), last));
  }
}

std::string migrations_left(const Stage& stage) {
  return stage.cluster().kubectl({"-n", stage.ns().name(), "get", "migrations.kubectl-migrate.dev", "-o", "name"});
}

NothingTouched::NothingTouched(const Stage& stage, const std::string& pod)
    : stage_(stage), pod_(stage, pod), was_there_(what_is_there()) {}

std::string NothingTouched::what_is_there() const {
  return stage_.cluster().kubectl(
      {"-n", stage_.ns().name(), "get", "pods,secrets,configmaps,migrations.kubectl-migrate.dev", "-o", "name"});
}

std::string NothingTouched::trouble() const {
  std::string text = pod_.change();
  if (const std::string now = what_is_there(); now != was_there_)
    text += fmt::format("there was\n{}and now is\n{}", was_there_, now);
  return text;
}

}  // namespace harness
