#include "plugin/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "plugin/help_flags.h"
#include "plugin/help_texts.h"

namespace migrate::plugin {
namespace {

struct Group {
  std::string_view title;
  std::vector<Verb> verbs;
};

std::string commands() {
  const Group groups[] = {
      {"Commands before a migration", {Verb::check, Verb::nodes, Verb::check_app, Verb::self_test}},
      {"Commands about migrations",
       {Verb::status, Verb::list, Verb::describe, Verb::abort, Verb::resolve, Verb::resume}},
      {"Commands for administrators", {Verb::drain, Verb::enable, Verb::disable, Verb::cleanup}},
      {"Other Commands", {Verb::support_bundle, Verb::version, Verb::completion, Verb::help}},
  };
  std::size_t width = 0;
  for (const std::string_view word : verb_words())
    width = std::max(width, word.size());
  std::string page;
  for (const Group& group : groups) {
    page += fmt::format("{}:\n", group.title);
    for (const Verb verb : group.verbs)
      page += fmt::format("  {:{}}   {}\n", to_string(verb), width, help_text_of(verb).summary);
    page += '\n';
  }
  return page;
}

constexpr std::string_view kGlobal =
    R"(Global options, as kubectl has them ("kubectl options" tells more):
  -n, --namespace NAME     --kubeconfig FILE        --context NAME
  --cluster NAME           --user NAME              -s, --server URL
  --token TEXT             --as USER                --as-group GROUP
  --as-uid UID             --as-user-extra K=V      --tls-server-name NAME
  --client-certificate FILE                         --client-key FILE
  --certificate-authority FILE                      --insecure-skip-tls-verify
  -v, --v 6                Each request to the API server on standard error, as
                           method, path, status and time. Never headers, tokens
                           or bodies, whatever the number
)";

std::string usage(const HelpText& text, bool takes_flags) {
  std::string lines{text.usage};
  if (takes_flags) lines.insert(lines.size() - 1, " [options]");
  return "Usage:\n" + lines;
}

}  // namespace

std::string_view global_options() {
  return kGlobal;
}

std::string help_text(std::optional<Verb> about) {
  const bool is_whole = !about || *about == Verb::migrate;
  const Verb verb = about.value_or(Verb::migrate);
  const HelpText& text = help_text_of(verb);
  std::string page = fmt::format("{}\nExamples:\n{}\n", text.what, text.examples);
  if (is_whole) page += commands();
  if (has_options(verb)) page += fmt::format("{}{}\n", flags_help(verb), kGlobal);
  page += usage(text, has_options(verb));
  if (!text.more.empty()) page += fmt::format("\n{}", text.more);
  if (is_whole)
    page += fmt::format("\n{}\nUse \"kubectl migrate <command> --help\" for more information about a command.\n",
                        kMigrationExitCodes);
  return page;
}

}  // namespace migrate::plugin
