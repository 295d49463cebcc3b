#include "plugin/complete.h"

#include <algorithm>
#include <iterator>

#include "plugin/name_choices.h"
#include "plugin/own_name.h"
#include "shared/base/process.h"
#include "shared/kube/connection.h"
#include "shared/kube/credential_source.h"

namespace migrate::plugin {
namespace {

// A credential plugin that would ask for a password is not to be run at a TAB.
class Nobody final : public Terminal {
 public:
  [[nodiscard]] bool stdin_is_terminal() const override { return false; }
};

std::optional<Reached> reach(const kube::ConfigFlags& flags, const Environment& environment, const FileReader& files) {
  // A credential source keeps its tools by reference, and the client keeps the source.
  static const SystemClock clock;
  static SystemProcesses processes;
  static const Nobody nobody;
  const auto config = kube::load_connection(flags, environment, files);
  if (!config) return std::nullopt;
  kube::ClientOptions options;
  options.retry.attempts = 1;
  auto client = kube::make_client(*config, kube::make_credential_source(*config, {clock, files, processes, nobody}),
                                  std::move(options));
  if (!client) return std::nullopt;
  return Reached{std::move(*client), config->default_namespace};
}

bool is_in_kubeconfig(Source source) {
  return source == Source::contexts || source == Source::clusters || source == Source::users;
}

bool is_in_cluster(Source source) {
  switch (source) {
    case Source::pods:
    case Source::stateful_sets:
    case Source::ordinals:
    case Source::migrations:
    case Source::nodes:
    case Source::namespaces:
      return true;
    default:
      return false;
  }
}

std::vector<Choice> asked(const Question& question, const Surroundings& surroundings) {
  if (is_in_kubeconfig(question.source)) {
    const auto kubeconfig = surroundings.kubeconfig(question.connection);
    return kubeconfig ? names_in(*kubeconfig, question.source) : std::vector<Choice>{};
  }
  if (!is_in_cluster(question.source)) return {};
  const auto reached = surroundings.cluster(question.connection);
  return reached ? names_in_cluster(*reached->client, reached->namespace_, question) : std::vector<Choice>{};
}

}  // namespace

bool is_completion_program(std::string_view program) {
  return file_name(program).starts_with("kubectl_complete-");
}

Surroundings real_surroundings(const Environment& environment, const FileReader& files) {
  return {.cluster = [&](const kube::ConfigFlags& flags) { return reach(flags, environment, files); },
          .kubeconfig = [&](const kube::ConfigFlags& flags) -> std::optional<kube::Kubeconfig> {
            auto read = kube::load_kubeconfig(kube::kubeconfig_files(flags.kubeconfig, environment), files);
            if (!read) return std::nullopt;
            return std::move(*read);
          }};
}

void complete(const Texts& words, const Surroundings& surroundings, std::ostream& out) {
  const Question question = question_of(words.empty() ? Texts{""} : words);
  std::vector<Choice> choices = question.known;
  std::vector<Choice> names = asked(question, surroundings);
  std::move(names.begin(), names.end(), std::back_inserter(choices));
  out << answer_to(question, choices) << std::flush;
}

}  // namespace migrate::plugin
