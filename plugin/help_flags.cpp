#include "plugin/help_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plugin/format.h"
#include "plugin/similar.h"

namespace migrate::plugin {
namespace {

enum class Group { common, messages, memory, waiting };
constexpr std::array<std::string_view, 4> kTitles = {
    "Options", "Options about messages, which live and sequential replay", "Options about how the memory travels",
    "Options about waiting and output"};

constexpr std::uint32_t kAnywhere = ~0U;
constexpr std::uint32_t of(Verb verb) {
  return 1U << static_cast<unsigned>(verb);
}

struct Described {
  std::string_view name;
  std::string_view otherwise;  // as kubectl shows a default
  std::string_view text;
  Group group = Group::common;
  std::uint32_t verbs = kAnywhere;  // where it means this
};

// In the order of the page. Of several that a command may have, the first counts.
constexpr auto kDescribed = std::to_array<Described>({
    {"from", "''", "Begin on this node."},
    {"to", "''", "Migrate to this node, and back. Without --from and --to two nodes are chosen that fit each other.",
     Group::common, of(Verb::self_test)},
    {"to", "''", "All to this node.", Group::common, of(Verb::drain)},
    {"to", "''", "Only this node."},
    {"node-selector", "[]", "Only nodes with these labels, KEY=VALUE each."},
    {"ordinal", "''", "With sts/NAME: which Pod of the StatefulSet, 0 being the first."},
    {"keep-name", "true",
     "A Pod that nobody makes anew gets its own name on its new node; with --keep-name=false it becomes "
     "NAME-mig-xxxxx.",
     Group::common, of(Verb::drain)},
    {"keep-name", "false",
     "The target gets the Pod's own name, instead of NAME-mig-xxxxx. One of a StatefulSet always does."},
    {"strategy", "'auto'",
     "How it moves. stop: frozen all the while, nothing to replay, exact by itself. live: restored beside it, messages "
     "are replayed. sequential: it ends, then messages are replayed. auto: the one with the smallest gap that is "
     "forecast. docs/strategies.md has pictures of them."},
    {"gap-budget", "0s",
     "How long nobody may be at work. A strategy that is forecast to keep to it is chosen, or the migration is "
     "refused, "
     "with the figures."},
    {"max-total", "0s", "How long all of it may take, in the same way."},
    {"timeout", "0s",
     "The length of time to wait before giving up, zero means infinite. A migration that is not committed by then, or "
     "after ten minutes, is rolled back.",
     Group::common, of(Verb::drain)},
    {"timeout", "10m", "Not committed by then, it is rolled back.", Group::common, of(Verb::migrate) | of(Verb::check)},
    {"accept", "[]",
     "touch-queue: play END_REPLAY too. A copy that obeys consumes the Pod's own queue until its Pod has ended, at "
     "once. "
     "What it has not acknowledged then comes back; what it has, the application never sees.",
     Group::common, of(Verb::check_app)},
    {"accept", "[]",
     "unknown-mirrors: remove mirrors, too, of which nobody in this cluster has a trace. Only where no other cluster "
     "shares the broker.",
     Group::common, of(Verb::cleanup)},
    {"accept", "[]", "Risks to take that it would be refused for; each refusal says its word. May be repeated."},
    {"name", "''", "The Migration's name, instead of POD-xxxxx."},
    {"for", "10s", "How long messages are collected, at most 100 of them."},
    {"queue", "''",
     "The queue it consumes, else the Pod's annotation kubectl-migrate.dev/queue. Another one than that takes "
     "--broker-secret.",
     Group::messages},
    {"broker-secret", "[]",
     "The controller may read this Secret too. May be repeated; all that are to be read, each time.", Group::messages,
     of(Verb::enable)},
    {"broker-secret", "[]", "Look at the broker of this Secret (amqp-url, management-url) too. May be repeated.",
     Group::messages, of(Verb::cleanup)},
    {"broker-secret", "''",
     "Secret with amqp-url and management-url, else the Pod's annotation kubectl-migrate.dev/broker-secret.",
     Group::messages},
    {"max-replay", "30s", "How long what is left may take to be replayed once the Pod has stopped.", Group::messages},
    {"cutoff", "'auto'",
     "With live: when the Pod stops if its copy has not caught up, counted from the mirror's beginning. auto: computed "
     "from the measured rates.",
     Group::messages},
    {"purge-primary", "false",
     "At the cut empty the queue itself, as the mirror has it all. Only for applications that neither recognise "
     "repeats "
     "nor publish.",
     Group::messages},
    {"amqp-at", "''",
     "HOST:PORT of the broker as it is reached from here. Without it a Service of the cluster is reached by kubectl "
     "port-forward (right: create pods/portforward), anything else by its name.",
     Group::messages},
    {"management-at", "''", "The same of its management API.", Group::messages},
    {"checkpoint", "'auto'", "How memory is read: kubelet, or direct, which is shorter. auto: as the node can.",
     Group::memory},
    {"restore", "'auto'", "How it is restored: runtime, or image: from an OCI image, as containerd 2.1 to 2.3 does it.",
     Group::memory},
    {"transfer", "'direct'", "How archives travel: direct, from node to node, or registry.", Group::memory},
    {"registry", "''",
     "HOST[:PORT]/PATH of a registry that checkpoints are pushed to as images. Implies --transfer=registry.",
     Group::memory},
    {"registry-secret", "''", "The controller may read this Secret, of a registry for checkpoints.", Group::memory,
     of(Verb::enable)},
    {"registry-secret", "''",
     "Secret with the registry's credentials, as kubectl create secret docker-registry makes it. The controller must "
     "be "
     "allowed to read it: kubectl migrate enable.",
     Group::memory},
    {"keep", "''",
     "source: it goes on, the target is removed; refused once the source's memory is gone. target: it goes on, the "
     "source "
     "is removed."},
    {"from-checkpoint", "false", "Restore the archives once more."},
    {"image", "''",
     "The agent's image, as it was installed from: a Pod of it finishes each node that an uninstall has left "
     "something on.",
     Group::common, of(Verb::cleanup)},
    {"image", "''", "Another image that has the counting workload, instead of the controller's own."},
    {"all-namespaces", "false", "List the migrations of all namespaces.", Group::common, of(Verb::list)},
    {"all-namespaces", "true", "Pods of all namespaces, unless -n names one.", Group::common, of(Verb::drain)},
    {"all-namespaces", "false",
     "Bind the rights in the whole cluster, and label all namespaces of now but the cluster's own (kube-...).",
     Group::common, of(Verb::enable)},
    {"all-namespaces", "false", "About the migrations of all namespaces.", Group::common, of(Verb::support_bundle)},
    {"all-namespaces", "false",
     "In all namespaces, and what belongs to none: policies, rights, nodes that an uninstall has left something on.",
     Group::common, of(Verb::cleanup)},
    {"all-namespaces", "false", "Take them back in the whole cluster."},
    {"file", "''",
     "Where to, instead of kubectl-migrate-support-NAME-TIME.tar.gz in this folder; - is standard output. Nothing that "
     "is "
     "there is written over."},
    {"selector", "''",
     "Of the node's Pods only those with these labels; supports '=', '==', '!=', 'in', 'notin'. (e.g. -l "
     "key1=value1,key2=value2).",
     Group::common, of(Verb::drain)},
    {"parallel", "2", "How many migrations may be at work at once, those of others and of other nodes included."},
    {"parallel-per-target", "2", "How many of them may be on their way to one node."},
    {"evict", "false",
     "Evict what cannot be migrated: it begins anew elsewhere, without its memory. A PodDisruptionBudget that does not "
     "allow it is waited for."},
    {"force", "false", "With --evict: also Pods that declare no controller, and which nobody makes anew."},
    {"ignore-daemonsets", "false", "Ignore DaemonSet-managed pods."},
    {"delete-emptydir-data", "false",
     "With --evict: also pods using emptyDir (local data that will be deleted when they are evicted). A migration "
     "takes "
     "it along, or is refused."},
    {"selector", "''",
     "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'. (e.g. -l "
     "key1=value1,key2=value2)."},
    {"watch", "true",
     "Follow it to its end; with -o a document for each change. --watch=false shows it once, as --no-wait does.",
     Group::waiting, of(Verb::status)},
    {"watch", "false", "After listing, go on with each change: as a row, or with -o as a document.", Group::waiting},
    {"wait", "true", "Follow it to its end. Ctrl-C stops following, not the migration.", Group::waiting},
    {"no-wait", "false", "Show it once.", Group::waiting, of(Verb::status)},
    {"timeout", "0s",
     "The length of time to wait before ending watch, zero means never. The migration goes on then, and the exit code "
     "is 1.",
     Group::waiting, of(Verb::status)},
    {"no-wait", "false", "Return at once.", Group::waiting},
    {"dry-run", "'none'", "With any value but none, or without one: only list.", Group::waiting, of(Verb::cleanup)},
    {"dry-run", "'none'",
     "Must be \"none\", \"server\", or \"client\". If client, only say what would become of each Pod by what its "
     "object "
     "says. If server, let the controller look at each of them, too. Nothing is touched.",
     Group::waiting, of(Verb::drain)},
    {"dry-run", "'none'",
     "Must be \"none\", \"server\", or \"client\". If client, only print the Migration that would be created. If "
     "server, "
     "let the controller look at everything and say what it would do and how long it would take; nothing is touched.",
     Group::waiting},
    {"output", "''", "Output format. One of: ({}). Nothing else is on standard output then.", Group::waiting},
});

const Described* described(const Flag& flag, Verb verb) {
  const auto* found = std::find_if(kDescribed.begin(), kDescribed.end(), [&](const Described& one) {
    return one.name == flag.name && (one.verbs & of(verb)) != 0;
  });
  return found != kDescribed.end() ? found : nullptr;
}

// Indented as kubectl does it.
std::string paragraph(const std::string& text) {
  constexpr std::size_t kWidth = 80;
  constexpr std::string_view kMargin = "        ";
  std::string page;
  for (const std::string& line : wrapped(text, kWidth - kMargin.size()))
    page += fmt::format("{}{}\n", kMargin, line);
  return page;
}

std::string text_of(const Flag& flag, const Described& one, Verb verb) {
  if (flag.name != "output") return std::string(one.text);
  const std::vector<std::string> formats(formats_of(verb).begin(), formats_of(verb).end());
  return fmt::format(fmt::runtime(one.text), joined(formats));
}

// Long ones are parted by what they are about.
bool has_groups(Verb verb) {
  return verb == Verb::migrate || verb == Verb::check;
}

}  // namespace

std::vector<FlagHelp> flag_helps(Verb verb) {
  std::vector<FlagHelp> helps;
  for (const Described& one : kDescribed) {
    const Flag* flag = find_flag(one.name);
    if (flag == nullptr || !fits(*flag, verb) || described(*flag, verb) != &one) continue;
    const std::size_t group = has_groups(verb) ? static_cast<std::size_t>(one.group) : 0;
    helps.push_back({kTitles.at(group), flag, one.otherwise, text_of(*flag, one, verb)});
  }
  return helps;
}

std::string flags_help(Verb verb) {
  std::string page;
  std::string_view title;
  for (const FlagHelp& one : flag_helps(verb)) {
    if (one.title != title) page += fmt::format("{}:\n", one.title);
    title = one.title;
    page += fmt::format("    {}={}:\n{}\n", spelled(*one.flag), one.otherwise, paragraph(one.text));
  }
  return page;
}

}  // namespace migrate::plugin
