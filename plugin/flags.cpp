#include "plugin/flags.h"

#include <fmt/format.h>

#include <algorithm>

namespace migrate::plugin {
namespace {

constexpr std::uint32_t bit(Verb verb) {
  return 1U << static_cast<unsigned>(verb);
}
template <class... Verbs>
constexpr std::uint32_t of(Verbs... verbs) {
  return (bit(verbs) | ...);
}

constexpr std::array<std::string_view, kVerbs> kWords = {
    "",        "status",    "list",    "describe",   "abort", "resolve",        "resume",
    "check",   "check-app", "nodes",   "self-test",  "drain", "support-bundle", "enable",
    "disable", "cleanup",   "version", "completion", "help"};

constexpr std::uint32_t kAll = ~0U;
// A migration that is asked for, or only looked at.
constexpr std::uint32_t kStart = of(Verb::migrate, Verb::check);
// The same of all that leave a node.
constexpr std::uint32_t kStartMany = kStart | of(Verb::drain);
constexpr std::uint32_t kWaits = of(Verb::migrate, Verb::status, Verb::abort, Verb::resolve, Verb::resume);

constexpr auto kFlags = std::to_array<Flag>({
    {"to", 0, FlagKind::value, kStartMany | bit(Verb::self_test)},
    {"from", 0, FlagKind::value, bit(Verb::self_test)},
    {"ordinal", 0, FlagKind::value, kStart | bit(Verb::check_app)},
    {"node-selector", 0, FlagKind::many, kStartMany},
    {"keep-name", 0, FlagKind::toggle, kStartMany},
    {"strategy", 0, FlagKind::value, kStartMany},
    {"checkpoint", 0, FlagKind::value, kStart},
    {"restore", 0, FlagKind::value, kStart},
    {"transfer", 0, FlagKind::value, kStart},
    {"registry", 0, FlagKind::value, kStart},
    {"registry-secret", 0, FlagKind::value, kStart | bit(Verb::enable)},
    {"queue", 0, FlagKind::value, kStart | bit(Verb::check_app)},
    {"max-replay", 0, FlagKind::value, kStart},
    {"cutoff", 0, FlagKind::value, kStart},
    {"purge-primary", 0, FlagKind::toggle, kStart},
    {"broker-secret", 0, FlagKind::many, kStart | of(Verb::check_app, Verb::enable, Verb::cleanup)},
    {"timeout", 0, FlagKind::value, kStartMany | bit(Verb::status)},
    {"accept", 0, FlagKind::many, kStartMany | of(Verb::check_app, Verb::cleanup)},
    {"gap-budget", 0, FlagKind::value, kStartMany},
    {"max-total", 0, FlagKind::value, kStartMany},
    {"dry-run", 0, FlagKind::value, of(Verb::migrate, Verb::drain, Verb::cleanup)},
    {"name", 0, FlagKind::value, bit(Verb::migrate)},
    {"wait", 0, FlagKind::toggle, kWaits},
    {"no-wait", 0, FlagKind::toggle, kWaits},
    {"output", 'o', FlagKind::value,
     kWaits | of(Verb::list, Verb::describe, Verb::check, Verb::check_app, Verb::nodes, Verb::self_test, Verb::drain,
                 Verb::cleanup, Verb::version)},
    {"keep", 0, FlagKind::value, bit(Verb::resolve)},
    {"from-checkpoint", 0, FlagKind::toggle, bit(Verb::resume)},
    {"for", 0, FlagKind::value, bit(Verb::check_app)},
    {"amqp-at", 0, FlagKind::value, of(Verb::check_app, Verb::cleanup)},
    {"management-at", 0, FlagKind::value, of(Verb::check_app, Verb::cleanup)},
    {"image", 0, FlagKind::value, of(Verb::self_test, Verb::cleanup)},
    {"file", 'f', FlagKind::value, bit(Verb::support_bundle)},
    {"selector", 'l', FlagKind::value, of(Verb::list, Verb::drain)},
    {"watch", 'w', FlagKind::toggle, of(Verb::list, Verb::status)},
    {"all-namespaces", 'A', FlagKind::toggle,
     of(Verb::list, Verb::drain, Verb::support_bundle, Verb::enable, Verb::disable, Verb::cleanup)},
    {"parallel", 0, FlagKind::value, bit(Verb::drain)},
    {"parallel-per-target", 0, FlagKind::value, bit(Verb::drain)},
    {"evict", 0, FlagKind::toggle, bit(Verb::drain)},
    {"force", 0, FlagKind::toggle, bit(Verb::drain)},
    {"ignore-daemonsets", 0, FlagKind::toggle, bit(Verb::drain)},
    {"delete-emptydir-data", 0, FlagKind::toggle, bit(Verb::drain)},

    {"namespace", 'n', FlagKind::value, kAll},
    {"help", 'h', FlagKind::toggle, kAll},
    {"v", 'v', FlagKind::value, kAll},
    {"kubeconfig", 0, FlagKind::value, kAll},
    {"context", 0, FlagKind::value, kAll},
    {"cluster", 0, FlagKind::value, kAll},
    {"user", 0, FlagKind::value, kAll},
    {"server", 's', FlagKind::value, kAll},
    {"tls-server-name", 0, FlagKind::value, kAll},
    {"insecure-skip-tls-verify", 0, FlagKind::toggle, kAll},
    {"certificate-authority", 0, FlagKind::value, kAll},
    {"client-certificate", 0, FlagKind::value, kAll},
    {"client-key", 0, FlagKind::value, kAll},
    {"token", 0, FlagKind::value, kAll},
    {"as", 0, FlagKind::value, kAll},
    {"as-uid", 0, FlagKind::value, kAll},
    {"as-group", 0, FlagKind::many, kAll},
    {"as-user-extra", 0, FlagKind::many, kAll},
});

}  // namespace

std::string_view to_string(Verb verb) {
  return kWords.at(static_cast<std::size_t>(verb));
}

std::optional<Verb> verb_from(std::string_view word) {
  if (word.empty()) return std::nullopt;
  const auto found = std::find(kWords.begin(), kWords.end(), word);
  if (found == kWords.end()) return std::nullopt;
  return static_cast<Verb>(found - kWords.begin());
}

std::span<const std::string_view> verb_words() {
  return std::span{kWords}.subspan(1);
}

Takes taken_by(Verb verb) {
  switch (verb) {
    case Verb::migrate:
    case Verb::check_app:
      return Takes::pod;
    case Verb::check:
      return Takes::maybe_pod;
    case Verb::status:
    case Verb::describe:
    case Verb::abort:
    case Verb::resolve:
    case Verb::resume:
      return Takes::migration;
    case Verb::drain:
      return Takes::node;
    case Verb::support_bundle:
      return Takes::maybe_migration;
    case Verb::completion:
      return Takes::shell;
    case Verb::help:
      return Takes::command;
    default:
      return Takes::nothing;
  }
}

std::span<const Flag> all_flags() {
  return kFlags;
}

const Flag* find_flag(std::string_view name) {
  const auto* found = std::find_if(kFlags.begin(), kFlags.end(), [&](const Flag& flag) { return flag.name == name; });
  return found != kFlags.end() ? found : nullptr;
}

const Flag* find_flag(char letter) {
  if (letter == 0) return nullptr;
  const auto* found =
      std::find_if(kFlags.begin(), kFlags.end(), [&](const Flag& flag) { return flag.letter == letter; });
  return found != kFlags.end() ? found : nullptr;
}

bool fits(const Flag& flag, Verb verb) {
  return (flag.verbs & bit(verb)) != 0;
}

std::span<const std::string_view> formats_of(Verb verb) {
  static constexpr std::array<std::string_view, 5> kOfLists = {"json", "jsonpath", "name", "wide", "yaml"};
  static constexpr std::array<std::string_view, 4> kOfObjects = {"json", "jsonpath", "name", "yaml"};
  static constexpr std::array<std::string_view, 2> kOfAnswers = {"json", "yaml"};
  static constexpr std::array<std::string_view, 3> kOfLeftovers = {"json", "name", "yaml"};
  if (verb == Verb::list || verb == Verb::nodes) return kOfLists;
  if (verb == Verb::check || verb == Verb::check_app || verb == Verb::self_test || verb == Verb::version)
    return kOfAnswers;
  if (verb == Verb::cleanup) return kOfLeftovers;
  return kOfObjects;
}

std::string spelled(const Flag& flag) {
  std::string text;
  if (flag.letter != 0) text = fmt::format("-{}, ", flag.letter);
  return text + fmt::format("--{}", flag.name);
}

std::string command_words(Verb verb) {
  return fmt::format("kubectl migrate{}{}", verb == Verb::migrate ? "" : " ", to_string(verb));
}

}  // namespace migrate::plugin
