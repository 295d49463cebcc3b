#include "plugin/man_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/flags.h"
#include "plugin/help.h"
#include "plugin/help_flags.h"
#include "plugin/help_texts.h"

namespace migrate::plugin {
namespace {

// A dash of a command stays one when it is copied from the page, and nothing of the text is taken for a request.
std::string escaped(std::string_view text) {
  std::string page;
  bool is_begin = true;
  for (const char c : text) {
    if (is_begin && (c == '.' || c == '\'')) page += "\\&";
    if (c == '\\')
      page += "\\e";
    else if (c == '-')
      page += "\\-";
    else
      page += c;
    is_begin = c == '\n';
  }
  return page;
}

std::string section(std::string_view title) {
  return fmt::format(".SH {}\n", title);
}

std::string as_it_is(std::string_view lines) {
  return fmt::format(".nf\n{}.fi\n", escaped(lines));
}

// Blocks that are indented are tables or examples.
bool is_laid_out(std::string_view block) {
  return block.starts_with(' ') || block.find("\n ") != std::string_view::npos;
}

// Lines with empty ones between blocks.
std::string paragraphs(std::string_view text) {
  std::string page;
  while (!text.empty()) {
    const std::size_t gap = text.find("\n\n");
    const std::string_view block = gap == std::string_view::npos ? text : text.substr(0, gap + 1);
    if (!page.empty()) page += ".PP\n";
    page += is_laid_out(block) ? as_it_is(block) : escaped(block);
    text.remove_prefix(gap == std::string_view::npos ? text.size() : gap + 2);
  }
  return page;
}

std::string option(const FlagHelp& help) {
  std::string name = fmt::format("\\fB\\-\\-{}\\fR", escaped(help.flag->name));
  if (help.flag->letter != 0) name = fmt::format("\\fB\\-{}\\fR, {}", help.flag->letter, name);
  // A quote at a line's begin would be a request; here a letter or a font always is.
  return fmt::format(".TP\n{}={}\n{}\n", name, escaped(help.otherwise), escaped(help.text));
}

// Of the main action, in parts as long as its list is.
std::string options() {
  std::string page;
  std::string_view title;
  for (const FlagHelp& one : flag_helps(Verb::migrate)) {
    if (one.title != title && !page.empty()) page += fmt::format(".SS {}\n", one.title);
    title = one.title;
    page += option(one);
  }
  return page;
}

std::string command(Verb verb) {
  const HelpText& text = help_text_of(verb);
  std::string page =
      fmt::format(".SS {}\n{}.PP\n{}", escaped(to_string(verb)), paragraphs(text.what), as_it_is(text.usage));
  for (const FlagHelp& one : flag_helps(verb))
    page += option(one);
  // Exit codes of migrations have a section of their own.
  if (!text.more.empty() && text.more != kMigrationExitCodes) page += ".PP\n" + paragraphs(text.more);
  return page + ".PP\nExamples:\n.PP\n" + as_it_is(text.examples);
}

std::string commands() {
  std::string page;
  for (const std::string_view word : verb_words())
    page += command(*verb_from(word));
  return page;
}

constexpr std::string_view kSynopsis = R"(kubectl migrate (POD | pod/NAME | sts/NAME --ordinal N) [options]
kubectl migrate COMMAND [NAME] [options]
)";

constexpr std::string_view kEnvironment = R"(.TP
\fBKUBECONFIG\fR
Files that say where the cluster is and who you are, as for kubectl.
.TP
\fBKUBECTL\fR
The kubectl by which check\-app reaches a broker, instead of the one on PATH.
.TP
\fBNO_COLOR\fR
No colours, where it is set and not empty.
.TP
\fBHTTPS_PROXY\fR, \fBNO_PROXY\fR
As for kubectl.
)";

constexpr std::string_view kFiles = R"(.TP
\fB~/.kube/config\fR
Read where neither \fB\-\-kubeconfig\fR nor \fBKUBECONFIG\fR names another one.
)";

}  // namespace

std::string man_page() {
  const HelpText& whole = help_text_of(Verb::migrate);
  std::string_view exit_codes = kMigrationExitCodes;
  exit_codes.remove_prefix(exit_codes.find('\n') + 1);
  return fmt::format(".TH KUBECTL\\-MIGRATE 1 \"\" \"kubectl\\-migrate {}\" \"Kubernetes\"\n", MIGRATE_VERSION) +
         section("NAME") + "kubectl\\-migrate \\- move a running Pod to another node, with its memory\n" +
         section("SYNOPSIS") + as_it_is(kSynopsis) + section("DESCRIPTION") + paragraphs(whole.what) + ".PP\n" +
         paragraphs(whole.more) + section("OPTIONS") + options() + ".SS Global options\n" + as_it_is(global_options()) +
         section("COMMANDS") + commands() + section("\"EXIT STATUS\"") + as_it_is(exit_codes) + section("ENVIRONMENT") +
         std::string(kEnvironment) + section("FILES") + std::string(kFiles) + section("EXAMPLES") +
         as_it_is(whole.examples) + section("\"SEE ALSO\"") + "kubectl(1)\n";
}

}  // namespace migrate::plugin
