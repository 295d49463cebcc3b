#include "plugin/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "plugin/broker_way.h"
#include "plugin/pod_word.h"
#include "plugin/similar.h"
#include "shared/migration/go_duration.h"

namespace migrate::plugin {
namespace {

using Texts = std::vector<std::string>;

// What came of CLI11: raw words and raw values, nothing converted (its own conversions have surprises).
struct Typed {
  Texts words;
  std::map<std::string_view, Texts> flags;

  [[nodiscard]] const std::string* value(std::string_view name) const {
    const auto found = flags.find(name);
    return found != flags.end() ? &found->second.back() : nullptr;
  }
  [[nodiscard]] const Texts& values(std::string_view name) const {
    static const Texts none;
    const auto found = flags.find(name);
    return found != flags.end() ? found->second : none;
  }
};

std::string spelled(const Flag& flag) {
  if (flag.name.size() == 1) return fmt::format("-{}", flag.name);
  return fmt::format("--{}", flag.name);
}

std::string definition(const Flag& flag) {
  std::string text;
  if (flag.letter != 0) text = fmt::format("-{}", flag.letter);
  if (flag.letter != 0) text += ',';
  return text + fmt::format("--{}", flag.name);
}

std::string unknown_flag(const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::string message = fmt::format("unknown flag {}", name);
  Texts known;
  known.reserve(all_flags().size());
  for (const Flag& flag : all_flags())
    known.push_back(spelled(flag));
  const Texts near = similar(name, known, 2);
  if (!near.empty()) message += fmt::format("; did you mean {}?", joined(near, " or "));
  return message;
}

Result<Typed> split(const Texts& arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<const Flag*, CLI::Option*>> options;
  options.reserve(all_flags().size());
  CLI::Option* words = app.add_option("words");
  words->allow_extra_args()->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  for (const Flag& flag : all_flags()) {
    CLI::Option* option =
        flag.kind == FlagKind::toggle ? app.add_flag(definition(flag)) : app.add_option(definition(flag));
    if (flag.kind != FlagKind::toggle) option->expected(1)->allow_extra_args(false);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    options.emplace_back(&flag, option);
  }
  Texts backwards = normalised(arguments);
  std::reverse(backwards.begin(), backwards.end());  // as CLI11 wants a vector
  try {
    app.parse(std::move(backwards));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string what = error.what();
    return failure(fmt::format("{} needs a value", what.substr(0, what.find(':'))));
  } catch (const CLI::ParseError& error) {
    return failure(error.what());
  }
  const Texts rest = app.remaining();
  for (const std::string& word : rest)
    if (word.size() > 1 && word.front() == '-' && word != "--") return failure(unknown_flag(word));
  Typed typed;
  typed.words = words->results();
  for (const auto& [flag, option] : options)
    if (option->count() > 0) typed.flags[flag->name] = option->results();
  return typed;
}

Result<bool> toggle(const Typed& typed, std::string_view name, bool otherwise = false) {
  const std::string* value = typed.value(name);
  if (value == nullptr) return otherwise;
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::find(kTrue.begin(), kTrue.end(), *value) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), *value) != kFalse.end()) return false;
  return failure(fmt::format("--{}={}: not true or false", name, *value));
}

template <class Value>
using Choices = std::vector<std::pair<std::string_view, Value>>;

template <class Value>
Result<Value> choice(const Typed& typed, std::string_view name, Value otherwise, const Choices<Value>& choices) {
  const std::string* value = typed.value(name);
  if (value == nullptr) return otherwise;
  Texts known;
  known.reserve(choices.size());
  for (const auto& [word, meaning] : choices) {
    if (word == *value) return meaning;
    known.emplace_back(word);
  }
  return failure(fmt::format("--{}={}: not one of {}", name, *value, joined(known)));
}

// One value per comma; empty ones are mistakes.
Result<Texts> listed(const Typed& typed, std::string_view name) {
  Texts all;
  for (const std::string& value : typed.values(name)) {
    std::size_t begin = 0;
    for (;;) {
      const std::size_t end = std::min(value.find(',', begin), value.size());
      if (end == begin) return failure(fmt::format("--{}={}: an empty word", name, value));
      if (const std::string one = value.substr(begin, end - begin); std::find(all.begin(), all.end(), one) == all.end())
        all.push_back(one);
      if (end == value.size()) break;
      begin = end + 1;
    }
  }
  return all;
}

// Runs the steps of parsing one after the other and keeps the first error.
class Reader {
 public:
  explicit Reader(const Typed& typed) : typed_(typed) {}

  template <class T>
  void take(T& into, Result<T> from) {
    if (from) into = std::move(*from);
    if (!from) fail(from.error().message);
  }
  void text(std::string& into, std::string_view name) {
    if (const std::string* value = typed_.value(name); value != nullptr) into = *value;
  }
  void object_name(std::string& into, std::string_view name) {
    text(into, name);
    if (typed_.value(name) != nullptr && !is_object_name(into))
      fail(fmt::format("--{}={}: not a name (lower case letters, digits, '-' and '.')", name, into));
  }
  void fail(std::string message) {
    if (!error_) error_ = Error{std::move(message)};
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  const Typed& typed_;
  std::optional<Error> error_;
};

void read_connection(const Typed& typed, Reader& reader, kube::ConfigFlags& flags) {
  reader.text(flags.kubeconfig, "kubeconfig");
  reader.text(flags.context, "context");
  reader.text(flags.cluster, "cluster");
  reader.text(flags.user, "user");
  reader.object_name(flags.namespace_, "namespace");
  reader.text(flags.server, "server");
  reader.text(flags.tls_server_name, "tls-server-name");
  reader.take(flags.insecure_skip_tls_verify, toggle(typed, "insecure-skip-tls-verify"));
  reader.text(flags.certificate_authority, "certificate-authority");
  reader.text(flags.client_certificate, "client-certificate");
  reader.text(flags.client_key, "client-key");
  reader.text(flags.token, "token");
  reader.text(flags.as, "as");
  reader.text(flags.as_uid, "as-uid");
  flags.as_group = typed.values("as-group");
  flags.as_user_extra = typed.values("as-user-extra");
}

Result<std::map<std::string, std::string>> selector(const Typed& typed) {
  const auto pairs = listed(typed, "node-selector");
  if (!pairs) return tl::make_unexpected(pairs.error());
  std::map<std::string, std::string> labels;
  for (const std::string& pair : *pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || pair.find_first_of("!()<> ") != std::string::npos ||
        pair.find('=', equals + 1) != std::string::npos)
      return failure(fmt::format("--node-selector={}: not KEY=VALUE (only equality is possible)", pair));
    labels[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return labels;
}

Result<unsigned> verbosity(const Typed& typed) {
  const std::string* value = typed.value("v");
  unsigned number = 0;
  if (value == nullptr) return number;
  const char* end = value->data() + value->size();
  const auto [stopped, error] = std::from_chars(value->data(), end, number);
  if (error != std::errc{} || stopped != end || number > 10)
    return failure(fmt::format("-v {}: not a number from 0 to 10", *value));
  return number;
}

// Longer than nothing; unset when the flag is not there.
Result<std::optional<std::chrono::milliseconds>> span(const Typed& typed, std::string_view name) {
  const std::string* value = typed.value(name);
  if (value == nullptr) return std::nullopt;
  const auto parsed = parse_go_duration(*value);
  if (!parsed || parsed->count() == 0)
    return failure(fmt::format("--{}={}: not a duration such as 90s, 10m or 1h30m", name, *value));
  return *parsed;
}

void read_travel(const Typed& typed, Reader& reader, Options& options) {
  reader.take(options.checkpoint, choice<CheckpointBackend>(typed, "checkpoint", CheckpointBackend::automatic,
                                                            {{"auto", CheckpointBackend::automatic},
                                                             {"kubelet", CheckpointBackend::kubelet},
                                                             {"direct", CheckpointBackend::direct}}));
  reader.take(options.restore,
              choice<RestoreWay>(
                  typed, "restore", RestoreWay::automatic,
                  {{"auto", RestoreWay::automatic}, {"runtime", RestoreWay::runtime}, {"image", RestoreWay::image}}));
  // A repository is a way, too.
  const bool has_registry = typed.value("registry") != nullptr;
  const TransferWay way = has_registry ? TransferWay::registry : TransferWay::direct;
  reader.take(options.transfer,
              choice<TransferWay>(typed, "transfer", way,
                                  {{"direct", TransferWay::direct}, {"registry", TransferWay::registry}}));
  reader.text(options.registry, "registry");
  reader.object_name(options.registry_secret, "registry-secret");
  if (has_registry && !is_repository(options.registry))
    reader.fail(
        fmt::format("--registry={}: not a repository such as registry.example.com:5000/checkpoints "
                    "(no scheme, tag or digest)",
                    options.registry));
  if (has_registry && options.transfer == TransferWay::direct)
    reader.fail("--registry and --transfer=direct exclude each other");
}

void read_replay(const Typed& typed, Reader& reader, Options& options) {
  reader.text(options.queue, "queue");
  reader.take(options.max_replay, span(typed, "max-replay"));
  if (const std::string* value = typed.value("cutoff"); value != nullptr && *value != "auto") {
    const auto parsed = parse_go_duration(*value);
    if (!parsed || parsed->count() == 0)
      reader.fail(fmt::format("--cutoff={}: not auto, nor a duration such as 20s or 1m30s", *value));
    if (parsed) options.cutoff = *parsed;
  }
  reader.take(options.purge_primary, toggle(typed, "purge-primary"));
}

// What is about a replay has no meaning where nothing is replayed, nor a cutoff that never comes.
void check_replay(const Typed& typed, Reader& reader, const Options& options) {
  for (const char* name : {"max-replay", "cutoff", "purge-primary"})
    if (options.strategy == Strategy::stop && typed.value(name) != nullptr)
      reader.fail(fmt::format("--{} does not belong to --strategy=stop, which replays nothing", name));
  const std::chrono::milliseconds timeout = options.timeout.value_or(MigrationSpec{}.timeout);
  if (options.cutoff && *options.cutoff >= timeout)
    reader.fail(fmt::format("--cutoff={}: by then the migration is rolled back (--timeout is {})",
                            to_go_duration(*options.cutoff), to_go_duration(timeout)));
}

void read_start(const Typed& typed, Reader& reader, Options& options) {
  for (const char* name : {"max-replay", "cutoff", "restore", "transfer", "registry", "registry-secret"})
    if (typed.value(name) != nullptr) options.given.insert(name);
  reader.object_name(options.to, "to");
  reader.take(options.node_selector, selector(typed));
  reader.take(options.keep_name, toggle(typed, "keep-name"));
  reader.take(options.strategy, choice<Strategy>(typed, "strategy", Strategy::automatic,
                                                 {{"auto", Strategy::automatic},
                                                  {"live", Strategy::live},
                                                  {"sequential", Strategy::sequential},
                                                  {"stop", Strategy::stop}}));
  reader.take(options.accept, listed(typed, "accept"));
  reader.take(options.dry_run,
              choice<DryRun>(typed, "dry-run", DryRun::none,
                             {{"none", DryRun::none}, {"client", DryRun::client}, {"server", DryRun::server}}));
  reader.object_name(options.migration_name, "name");
  // It is also the value of a label.
  if (options.migration_name.size() > 63) reader.fail("--name: at most 63 characters");
  reader.take(options.timeout, span(typed, "timeout"));
}

void read_check_app(const Typed& typed, Reader& reader, Options& options) {
  std::optional<std::chrono::milliseconds> collect;
  reader.take(collect, span(typed, "for"));
  if (collect) options.collect = *collect;
  reader.text(options.amqp_at, "amqp-at");
  reader.text(options.management_at, "management-at");
  if (options.verb != Verb::check_app) return;
  for (const auto& [name, value] : {std::pair{"amqp-at", options.amqp_at}, {"management-at", options.management_at}})
    if (typed.value(name) != nullptr)
      if (const auto place = parse_place(value); !place)
        reader.fail(fmt::format("--{}={}", name, place.error().message));
  for (const std::string& word : options.accept)
    if (word != "touch-queue") reader.fail(fmt::format("--accept={}: check-app knows touch-queue alone", word));
}

void read_wait(const Typed& typed, Reader& reader, Options& options) {
  bool no_wait = false;
  reader.take(options.wait, toggle(typed, "wait", true));
  reader.take(no_wait, toggle(typed, "no-wait"));
  if (no_wait && typed.value("wait") != nullptr && options.wait) reader.fail("--wait and --no-wait exclude each other");
  if (no_wait) options.wait = false;
}

Result<std::string> migration_name(const std::string& word) {
  const std::size_t slash = word.find('/');
  std::string name = word;
  if (slash != std::string::npos) {
    const std::string type = word.substr(0, slash);
    name = word.substr(slash + 1);
    if (type != "migration" && type != "migrations" && type != "mig" && type != "migration.kubectl-migrate.dev" &&
        type != "migrations.kubectl-migrate.dev")
      return failure(fmt::format("{}: not a Migration", word));
  }
  if (!is_object_name(name))
    return failure(
        fmt::format("\"{}\" cannot be the name of a Migration (lower case letters, digits, '-' and '.')", name));
  return name;
}

void read_help(const Texts& words, std::size_t first, Reader& reader, Options& options) {
  options.verb = Verb::help;
  if (words.size() <= first) return;
  options.help_about = verb_from(words[first]);
  if (!options.help_about) {
    Texts known(verb_words().begin(), verb_words().end());
    const Texts near = similar(words[first], known, 2);
    reader.fail(fmt::format("no help for \"{}\"{}", words[first],
                            near.empty() ? "" : "; did you mean " + joined(near, " or ") + "?"));
  }
}

std::string too_many(Verb verb, const Texts& words) {
  if (verb == Verb::migrate) {
    const Texts known(verb_words().begin(), verb_words().end());
    const Texts near = similar(words.front(), known, 2);
    if (!near.empty())
      return fmt::format("unknown command \"{}\" for \"kubectl migrate\"; did you mean {}?", words.front(),
                         joined(near, " or "));
    return fmt::format("one Pod at a time: {} words were given ({})", words.size(), joined(words, " "));
  }
  return fmt::format("{} takes {}, not \"{}\"", to_string(verb),
                     verb == Verb::list || verb == Verb::enable || verb == Verb::disable || verb == Verb::version
                         ? "no name"
                         : "one name",
                     joined(words, " "));
}

void read_name(const Texts& names, const Typed& typed, Reader& reader, Options& options) {
  const Verb verb = options.verb;
  const bool takes_name = verb != Verb::list && verb != Verb::enable && verb != Verb::disable && verb != Verb::version;
  if (names.size() > (takes_name ? 1U : 0U)) return reader.fail(too_many(verb, names));
  if (!takes_name) return;
  const bool is_pod = verb == Verb::migrate || verb == Verb::check_app;
  if (names.empty() && verb == Verb::check_app) return reader.fail("which Pod? kubectl migrate check-app POD");
  if (names.empty())
    return reader.fail(verb == Verb::migrate
                           ? std::string("which Pod? kubectl migrate POD [--to NODE]; kubectl migrate --help shows all")
                           : fmt::format("which Migration? kubectl migrate {} NAME; kubectl migrate list shows them",
                                         to_string(verb)));
  reader.take(options.name, is_pod ? pod_named(names.front(), typed.value("ordinal")) : migration_name(names.front()));
}

void check_combinations(const Typed& typed, Reader& reader, Options& options) {
  for (const Flag& flag : all_flags())
    if (typed.flags.contains(flag.name) && !fits(flag, options.verb))
      reader.fail(options.verb == Verb::migrate
                      ? fmt::format("{} does not belong to the start of a migration", spelled(flag))
                      : fmt::format("{} does not belong to {}", spelled(flag), to_string(options.verb)));
  if (options.verb == Verb::migrate && options.broker_secrets.size() > 1)
    reader.fail("--broker-secret: a migration takes one");
  if (options.verb == Verb::check_app && options.broker_secrets.size() > 1)
    reader.fail("--broker-secret: check-app takes one");
  if (options.verb == Verb::resolve && options.resolution == Resolution::none)
    reader.fail("resolve needs --keep source or --keep target");
  if (options.verb == Verb::resume && options.resolution == Resolution::none)
    reader.fail("resume needs --from-checkpoint: it restores the archives once more");
  if (options.all_namespaces && typed.flags.contains("namespace"))
    reader.fail("--namespace and --all-namespaces exclude each other");
  if (options.verb == Verb::enable && options.all_namespaces && !options.broker_secrets.empty())
    reader.fail("--broker-secret needs --namespace: Secrets are allowed one namespace at a time");
  if (options.verb == Verb::enable && options.all_namespaces && !options.registry_secret.empty())
    reader.fail("--registry-secret needs --namespace: Secrets are allowed one namespace at a time");
  if (options.verb == Verb::version && options.output == Output::name) reader.fail("--output=name: version has none");
}

}  // namespace

std::vector<std::string> normalised(const std::vector<std::string>& arguments) {
  Texts words;
  words.reserve(arguments.size() + 4);
  bool plain = false;
  for (const std::string& word : arguments) {
    const std::size_t equals = word.find('=');
    const bool is_long = word.size() > 2 && word.starts_with("--");
    const bool is_short = word.size() > 1 && word.front() == '-' && !word.starts_with("--");
    plain = plain || word == "--";
    const Flag* flag = nullptr;
    if (!plain && equals != std::string::npos) {
      if (is_long) flag = find_flag(std::string_view(word).substr(2, equals - 2));
      if (is_short && equals == 2) flag = find_flag(word[1]);
    }
    if (flag == nullptr || (flag->kind == FlagKind::toggle && is_long)) {
      words.push_back(word);
    } else if (flag->kind == FlagKind::toggle) {
      words.push_back(fmt::format("--{}{}", flag->name, word.substr(equals)));
    } else {
      words.push_back(word.substr(0, equals));
      words.push_back(word.substr(equals + 1));
    }
  }
  return words;
}

bool is_repository(const std::string& text) {
  constexpr std::size_t kLongest = 255;
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || text.size() > kLongest) return false;
  const std::string host = text.substr(0, slash);
  const std::size_t colon = std::min(host.find(':'), host.size());
  if (!is_object_name(host.substr(0, colon))) return false;
  const std::string_view digits = std::string_view(host).substr(colon);
  if (digits.size() == 1 || digits.size() > 6 ||
      (digits.size() > 1 && digits.find_first_not_of("0123456789", 1) != std::string_view::npos))
    return false;
  char before = '/';
  for (const char c : std::string_view(text).substr(slash + 1)) {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!is_word && c != '-' && c != '_' && c != '.' && c != '/') return false;
    if (before == '/' && !is_word) return false;
    before = c;
  }
  return (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9');
}

bool is_object_name(const std::string& text) {
  if (text.empty() || text.size() > 253) return false;
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  char before = '.';
  for (const char c : text) {
    if (!is_alphanumeric(c) && c != '-' && c != '.') return false;
    if (before == '.' && !is_alphanumeric(c)) return false;
    if (c == '.' && !is_alphanumeric(before)) return false;
    before = c;
  }
  return is_alphanumeric(before);
}

Result<Options> parse(const std::vector<std::string>& arguments) {
  const auto typed = split(arguments);
  if (!typed) return tl::make_unexpected(typed.error());
  Options options;
  Reader reader{*typed};
  const auto verb = typed->words.empty() ? std::nullopt : verb_from(typed->words.front());
  options.verb = verb.value_or(Verb::migrate);
  const Texts names(typed->words.begin() + (verb ? 1 : 0), typed->words.end());

  bool help = false;
  reader.take(help, toggle(*typed, "help"));
  if (help && options.verb != Verb::help) {
    options.help_about = verb;
    options.verb = Verb::help;
    return options;
  }
  if (options.verb == Verb::help) {
    read_help(names, 0, reader, options);
  } else {
    read_connection(*typed, reader, options.connection);
    reader.take(options.verbosity, verbosity(*typed));
    read_start(*typed, reader, options);
    read_travel(*typed, reader, options);
    read_replay(*typed, reader, options);
    check_replay(*typed, reader, options);
    read_check_app(*typed, reader, options);
    read_wait(*typed, reader, options);
    reader.take(options.broker_secrets, listed(*typed, "broker-secret"));
    reader.take(options.all_namespaces, toggle(*typed, "all-namespaces"));
    reader.take(options.output,
                choice<Output>(*typed, "output", Output::text,
                               {{"name", Output::name}, {"json", Output::json}, {"yaml", Output::yaml}}));
    reader.take(options.resolution,
                choice<Resolution>(*typed, "keep", Resolution::none,
                                   {{"source", Resolution::keep_source}, {"target", Resolution::keep_target}}));
    bool from_checkpoint = false;
    reader.take(from_checkpoint, toggle(*typed, "from-checkpoint"));
    if (from_checkpoint) options.resolution = Resolution::from_checkpoint;
    read_name(names, *typed, reader, options);
    check_combinations(*typed, reader, options);
  }
  if (reader.error()) return tl::make_unexpected(*reader.error());
  return options;
}

}  // namespace migrate::plugin
