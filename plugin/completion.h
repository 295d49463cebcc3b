// What may stand next on a command line: of the words typed so far, the choices that are known from here, and what
// else has to be asked, of the cluster or the kubeconfig. Pure.
#pragma once

#include <string>
#include <vector>

#include "plugin/flag_values.h"
#include "plugin/flags.h"
#include "plugin/typed.h"
#include "shared/kube/connection.h"

namespace migrate::plugin {

struct Choice {
  std::string word;
  std::string about = {};  // shown beside it where the shell can; may be empty
  bool operator==(const Choice&) const = default;
};

struct Question {
  Verb verb = Verb::migrate;
  // Of the last word, what stands before all choices and what has been typed of one: "sts/" and "ord".
  std::string before;
  std::string typed;
  std::vector<Choice> known;        // whatever has been typed of one
  Source source = Source::nowhere;  // of more
  std::string set;                  // for ordinals: of which StatefulSet
  kube::ConfigFlags connection;     // of the flags so far
};

// The last of `words` is the one to be completed, which may be empty; there is at least one. Never fails: what cannot
// be understood has no choices.
[[nodiscard]] Question question_of(const Texts& words);

// What a shell is told, in the form of cobra, which kubectl reads of its plugins: a line for each choice that begins as
// typed ("WORD", or "WORD<tab>ABOUT"), and in the end the directive. Words that would need quotes are left out.
// Source: kubernetes/kubectl pkg/cmd/plugin/plugin_completion.go, spf13/cobra shell_completions.md.
[[nodiscard]] std::string answer_to(const Question& question, const std::vector<Choice>& choices);

}  // namespace migrate::plugin
