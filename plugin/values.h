// Values of flags, understood one by one. Pure. What is wrong is said as pflag says it: `invalid argument "x" for
// "-n, --namespace" flag: WHY`.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugin/similar.h"
#include "plugin/typed.h"

namespace migrate::plugin {

// `name` as in flags.h.
[[nodiscard]] std::string invalid(std::string_view name, std::string_view value, std::string_view why);

[[nodiscard]] Result<bool> toggle(const Typed& typed, std::string_view name, bool otherwise = false);
// One value per comma, each once; empty ones are mistakes.
[[nodiscard]] Result<Texts> listed(const Typed& typed, std::string_view name);
// KEY=VALUE pairs.
[[nodiscard]] Result<std::map<std::string, std::string>> equalities(const Typed& typed, std::string_view name);
// A whole number of that range; `otherwise` when the flag is not there.
[[nodiscard]] Result<unsigned> whole_number(const Typed& typed, std::string_view name, unsigned otherwise,
                                            unsigned least, unsigned most);
// Longer than nothing; unset when the flag is not there.
[[nodiscard]] Result<std::optional<std::chrono::milliseconds>> span(const Typed& typed, std::string_view name);

template <class Value>
using Choices = std::vector<std::pair<std::string_view, Value>>;

template <class Value>
[[nodiscard]] Result<Value> choice(const Typed& typed, std::string_view name, Value otherwise,
                                   const Choices<Value>& choices) {
  const std::string* value = typed.value(name);
  if (value == nullptr) return otherwise;
  Texts known;
  known.reserve(choices.size());
  for (const auto& [word, meaning] : choices) {
    if (word == *value) return meaning;
    known.emplace_back(word);
  }
  return failure(invalid(name, *value, "must be one of " + joined(known)) + near_hint(*value, known));
}

// Takes values one after the other and keeps the first error.
class Reader {
 public:
  explicit Reader(const Typed& typed) : typed_(typed) {}

  template <class T>
  void take(T& into, Result<T> from) {
    if (from) into = std::move(*from);
    if (!from) fail(from.error().message);
  }
  void text(std::string& into, std::string_view name);
  void object_name(std::string& into, std::string_view name);
  void fail(std::string message);
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  const Typed& typed_;
  std::optional<Error> error_;
};

}  // namespace migrate::plugin
