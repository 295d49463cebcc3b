#include "shared/messages/bindings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>

namespace migrate::messages {
namespace {

using broker::Binding;

constexpr std::size_t kNamed = 3;  // of as many as there may be

bool is_same(const Binding& one, const Binding& other) {
  if (one.exchange != other.exchange || one.key != other.key) return false;
  if (one.properties_key.empty() || other.properties_key.empty()) return one.arguments == other.arguments;
  return one.properties_key == other.properties_key;
}

std::vector<Binding> without(const std::vector<Binding>& all, const std::vector<Binding>& others) {
  std::vector<Binding> left;
  for (const Binding& one : all)
    if (std::none_of(others.begin(), others.end(), [&](const Binding& other) { return is_same(one, other); }))
      left.push_back(one);
  return left;
}

std::string text_of(const Binding& binding) {
  std::string text = "exchange " + binding.exchange;
  if (!binding.key.empty()) text += " with key " + binding.key;
  if (binding.arguments != "{}") text += " with arguments " + binding.arguments;
  return text;
}

std::string text_of(const char* verb, const std::vector<Binding>& bindings) {
  std::vector<std::string> named;
  for (const Binding& one : bindings) {
    if (named.size() == kNamed) break;
    named.push_back(text_of(one));
  }
  const std::size_t more = bindings.size() - named.size();
  return fmt::format("{} {}{}", verb, fmt::join(named, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

}  // namespace

BindingsChange change_of(const std::vector<Binding>& primary, const std::vector<Binding>& mirror) {
  return {without(primary, mirror), without(mirror, primary)};
}

std::string describe(const BindingsChange& change) {
  if (change.is_none()) return "is bound as it was";
  std::vector<std::string> parts;
  if (!change.added.empty()) parts.push_back(text_of("bound to", change.added));
  if (!change.removed.empty()) parts.push_back(text_of("unbound from", change.removed));
  return fmt::format("was {}", fmt::join(parts, " and "));
}

}  // namespace migrate::messages
