#include "plugin/help_texts.h"

#include <array>

namespace migrate::plugin {
namespace {

constexpr HelpText kMigrate = {.summary = "",
                               .what =
                                   R"(Move a running Pod to another node, with its memory and its place in the
message stream. Nobody loses or repeats a message; if anything goes wrong before
the commit, the Pod runs on where it was.
)",
                               .examples =
                                   R"(  # See whether migrations work here, then what would happen to the Pod orders
  kubectl migrate check
  kubectl migrate orders --dry-run=server

  # Move it; the scheduler chooses the node
  kubectl migrate orders

  # Move it to node-b and keep its name
  kubectl migrate orders --to node-b --keep-name

  # One of a StatefulSet, which keeps its name and its set
  kubectl migrate orders-0 --to node-b
  kubectl migrate sts/orders --ordinal 0 --to node-b

  # Let it work meanwhile: what arrives is mirrored and replayed on node-b
  kubectl migrate orders --to node-b --strategy live --queue orders

  # The same; it stops within a minute, and 10 s suffice for what is left
  kubectl migrate orders --strategy live --cutoff 1m --max-replay 10s

  # Only if nobody has to wait longer than half a second
  kubectl migrate orders --gap-budget 500ms

  # Start it, do something else, come back to it
  kubectl migrate orders --no-wait
  kubectl migrate status orders-x7k2p
)",
                               .usage = R"(  kubectl migrate (POD | pod/NAME | sts/NAME --ordinal N)
)",
                               .more =
                                   R"(A Pod that is called like a command is named as pod/NAME.

Annotations of the Pod stand for flags that are not given:
kubectl-migrate.dev/max-replay, cutoff, restore-way, transfer, registry and
registry-secret. Nodes named in kubectl-migrate.dev/prefer-nodes are chosen
rather than others where there is a choice.
)"};

constexpr HelpText kStatus = {.summary = "Follow a migration to its end, or show how it ended",
                              .what = R"(Follow a migration to its end, or show how it ended. The exit code says how.

On a terminal it is one picture, redrawn in place; elsewhere one line for each
change. Ctrl-C stops following, not the migration.
)",
                              .examples = R"(  # Follow it
  kubectl migrate status orders-x7k2p

  # No longer than five minutes
  kubectl migrate status orders-x7k2p --timeout 5m

  # One picture of now
  kubectl migrate status orders-x7k2p --no-wait

  # Each change as a line of a program's own
  kubectl migrate status orders-x7k2p -w -o jsonpath='{.status.phase}{"\n"}'
)",
                              .usage = R"(  kubectl migrate status NAME
)",
                              .more = kMigrationExitCodes};

constexpr HelpText kList = {.summary = "List migrations",
                            .what = R"(List migrations, the newest last.
)",
                            .examples = R"(  # Those of the namespace, those of all
  kubectl migrate list
  kubectl migrate list -A

  # With strategy, freeze, total, bytes and reason
  kubectl migrate list -o wide

  # Go on with a row for each change
  kubectl migrate list -w

  # Those with a label, by name
  kubectl migrate list -l team=shop -o name

  # How long nobody worked, in milliseconds
  kubectl migrate list -o jsonpath='{.items[*].status.gapMs}'
)",
                            .usage = R"(  kubectl migrate list
)"};

constexpr HelpText kDescribe = {.summary = "All about one: steps, archives, conditions, events",
                                .what = R"(All about one migration: what was asked for, steps, conditions, archives,
warnings, events.
)",
                                .examples = R"(  # For a person
  kubectl migrate describe orders-x7k2p

  # The object itself
  kubectl migrate describe orders-x7k2p -o yaml
)",
                                .usage = R"(  kubectl migrate describe NAME
)"};

constexpr HelpText kAbort = {.summary = "End it with the source running as before",
                             .what = R"(End a migration with the source running as before and nothing left behind.
Possible up to its commit; after it a migration only goes forward.
)",
                             .examples = R"(  # Wait until it is rolled back
  kubectl migrate abort orders-x7k2p

  # Only ask for it
  kubectl migrate abort orders-x7k2p --no-wait
)",
                             .usage = R"(  kubectl migrate abort NAME
)",
                             .more = R"(Exit code 0 when it was rolled back.
)"};

constexpr HelpText kResolve = {
    .summary = "In doubt: say whether source or target goes on",
    .what = R"(Decide about a migration in doubt: whether its target has run could not be found
out, and two copies must never run.
)",
    .examples = R"(  # The target goes on, the source is removed
  kubectl migrate resolve orders-x7k2p --keep target

  # The source goes on, the target is removed
  kubectl migrate resolve orders-x7k2p --keep source
)",
    .usage = R"(  kubectl migrate resolve NAME --keep (source | target)
)"};

constexpr HelpText kResume = {.summary = "In doubt: restore once more from the checkpoint",
                              .what = R"(Decide about a migration in doubt: both copies are given up, and the archives
are restored once more.
)",
                              .examples = R"(  # Neither copy is worth keeping
  kubectl migrate resume orders-x7k2p --from-checkpoint
)",
                              .usage = R"(  kubectl migrate resume NAME --from-checkpoint
)"};

constexpr HelpText kCheck = {.summary = "Whether migrations work here, or what speaks against one",
                             .what = R"(Whether migrations work in this cluster: the API server, what is installed, the
controller, the scheduler, each node's agent, runtime and CRIU. Of a Pod also
all that speaks against moving it, at once: the controller looks as it does
before a migration, and touches nothing. It judges what would be asked for, so
it takes the same options.

Each check is one line, and what is wrong has a hint where to read on. Warnings
fail nothing.
)",
                             .examples = R"(  # The cluster
  kubectl migrate check

  # A Pod, and a node that it is to go to
  kubectl migrate check orders -n shop --to node-b

  # For a program
  kubectl migrate check orders -n shop -o json
)",
                             .usage = R"(  kubectl migrate check [POD]
)",
                             .more = R"(Exit codes:
  0 nothing is wrong   1 something is   2 usage   130 interrupted
)"};

constexpr HelpText kCheckApp = {.summary = "Play the replay protocol to a copy of an application",
                                .what =
                                    R"(Play the replay protocol (docs/app-contract.md) to a throw-away copy of an
application's Pod, and say what it does wrong. A queue bound like the Pod's own
collects some real messages; the copy finds START_REPLAY in its control queue,
must consume that queue alone, acknowledge everything, stay, and come back when
its connection is closed. Copy and queues are removed at the end, also after
Ctrl-C.

The copy begins anew, as the same application with the same rights. One that
ignores its control queue takes messages from the Pod's own queue until its Pod
has ended, a second or two later; one that publishes while it replays publishes
results twice. So check it first where that does no harm.
)",
                                .examples = R"(  # The Pod's annotations name queue and Secret
  kubectl migrate check-app orders -n shop

  # END_REPLAY too, with more messages
  kubectl migrate check-app orders -n shop --for 1m --accept touch-queue

  # For a program
  kubectl migrate check-app orders -n shop -o json
)",
                                .usage = R"(  kubectl migrate check-app (POD | sts/NAME --ordinal N)
)",
                                .more = R"(Exit codes:
  0 all is well   1 something is not   2 usage   3 refused   130 interrupted
)"};

constexpr HelpText kNodes = {.summary = "Agents, runtimes, CRIU, and which nodes fit each other",
                             .what =
                                 R"(What the nodes can do for migrations: whether their agents are alive, container
runtime, CRIU, and which node's processes can be restored on which other.
)",
                             .examples = R"(  # A table of nodes, and one of pairs
  kubectl migrate nodes

  # With kernel, architecture, disk and agent's version
  kubectl migrate nodes -o wide

  # The versions of CRIU
  kubectl migrate nodes -o jsonpath='{.items[*].facts.criu}'
)",
                             .usage = R"(  kubectl migrate nodes
)"};

constexpr HelpText kSelfTest = {.summary = "Migrate a small workload there and back, in every way",
                                .what =
                                    R"(Deploy a small workload that counts, migrate it to another node and back in
every way that the cluster allows, and say of each step whether it went well.
Everything is removed at the end, also after Ctrl-C.
)",
                                .examples = R"(  # Between two nodes that fit each other
  kubectl migrate self-test

  # Between these
  kubectl migrate self-test --from node-a --to node-b

  # For a program
  kubectl migrate self-test -o json
)",
                                .usage = R"(  kubectl migrate self-test
)",
                                .more = R"(Exit codes:
  0 every step passed   1 one failed   2 usage   130 interrupted
)"};

constexpr HelpText kDrain = {.summary = "Cordon a node and migrate its Pods to others",
                             .what =
                                 R"(Drain a node in preparation for maintenance: cordon it, then migrate every Pod
of it that can be moved. The rest is listed with what speaks against it, or,
with --evict, evicted.

Migrations keep PodDisruptionBudgets: of the Pods that one covers no more move
at once than it allows to be away. Of a StatefulSet or ReplicaSet one Pod moves
at a time. Namespaces take turns, and the sets in them; of a StatefulSet the Pod
with the highest ordinal goes first.

It can be begun again at any time, and goes on where it was. Ctrl-C stops it;
what was begun goes on.
)",
                             .examples = R"(  # What would become of each Pod of node-a
  kubectl migrate drain node-a --dry-run=client
  kubectl migrate drain node-a --dry-run=server

  # Migrate all that can be, and leave its DaemonSets' Pods
  kubectl migrate drain node-a --ignore-daemonsets

  # Evict what cannot, for ten minutes at most
  kubectl migrate drain node-a --ignore-daemonsets --evict --timeout 10m

  # Only those with a label, to node-b
  kubectl migrate drain node-a -l app=orders --to node-b

  # Afterwards
  kubectl uncordon node-a
)",
                             .usage = R"(  kubectl migrate drain NODE
)",
                             .more = R"(Exit codes:
  0 nothing is left   1 something is   2 usage   5 something is, and the time is
  over   6 a migration is in doubt   130 detached by Ctrl-C
)"};

constexpr HelpText kSupportBundle = {
    .summary = "Collect what a maintainer needs into one file",
    .what = R"(Collect what a maintainer needs to see into one file: the Migration (without a
name all of them), its Pods, their owners, Events, nodes, versions, the objects
of the installation, the logs of controller, scheduler and agents, CRIU's logs
of what failed, and what check says. Nothing in the cluster is changed.

Secrets are not read, and memory is not. Values of variables are masked, and so
is whatever looks like a password, token or key; a file in which something is
left all the same is not put in. Look at it before you give it away.

It is read with your own rights. What they do not suffice for is named in
errors.txt, and the rest is written.
)",
    .examples = R"(  # About one migration
  kubectl migrate support-bundle orders-x7k2p -n shop

  # About all of them, of the namespace and of the cluster
  kubectl migrate support-bundle -n shop
  kubectl migrate support-bundle -A

  # Into a file of another name; -f - is standard output
  kubectl migrate support-bundle orders-x7k2p -f /tmp/bundle.tar.gz
)",
    .usage = R"(  kubectl migrate support-bundle [MIGRATION]
)",
    .more = R"(Exit codes:
  0 it is written   1 nothing could be read   2 usage   130 interrupted
)"};

constexpr HelpText kEnable = {.summary = "Allow migrations in a namespace",
                              .what =
                                  R"(Allow migrations in a namespace: labels it kubectl-migrate.dev/enabled=true and
binds the controller's rights to it (RoleBinding kubectl-migrate). Everywhere
else the controller can do nothing.
)",
                              .examples = R"(  # In the namespace shop
  kubectl migrate enable -n shop

  # The controller may also read its broker's Secret
  kubectl migrate enable -n shop --broker-secret rabbitmq
)",
                              .usage = R"(  kubectl migrate enable [-n NAMESPACE | --all-namespaces]
)"};

constexpr HelpText kDisable = {.summary = "Take that back",
                               .what =
                                   R"(Take back what enable did: label, rights, Secrets. Refused while migrations of
the namespace are under way, are being cleaned up after, or have failed and are
not deleted yet.
)",
                               .examples = R"(  # In the namespace shop
  kubectl migrate disable -n shop
)",
                               .usage = R"(  kubectl migrate disable [-n NAMESPACE | --all-namespaces]
)"};

constexpr HelpText kCleanup = {.summary = "Remove what is left of migrations that are gone",
                               .what =
                                   R"(List and remove what is left over: of Migrations whose object is gone (targets,
placeholders, marks and owners on Pods, pull Secrets, records on nodes), at a
broker (mirrors, words in control queues), and of an installation that was
taken away, with -A. Whatever belongs to a Migration that is there is never
touched. What only a person can decide about is named, with what to do.

It may be interrupted and run again.
)",
                               .examples = R"(  # What is there? Nothing is touched
  kubectl migrate cleanup -A --dry-run

  # Remove it
  kubectl migrate cleanup -A

  # And what is left at a namespace's broker
  kubectl migrate cleanup -n shop --broker-secret rabbitmq

  # For a program
  kubectl migrate cleanup -A --dry-run -o json
)",
                               .usage = R"(  kubectl migrate cleanup [-n NAMESPACE | --all-namespaces]
)",
                               .more = R"(Exit codes:
  0 nothing is left, but what is for a person to decide   1 something could not
  be removed   2 usage   130 interrupted
)"};

constexpr HelpText kVersion = {.summary = "Version of this program and of what is installed",
                               .what = R"(Version of this program and of what is installed in the cluster.
)",
                               .examples = R"(  # Both
  kubectl migrate version

  # For a program
  kubectl migrate version -o json
)",
                               .usage = R"(  kubectl migrate version
)"};

constexpr HelpText kCompletion = {.summary = "Script by which a shell completes words",
                                  .what = R"(Print a script by which a shell completes the words of kubectl-migrate:
commands, options and their values, and what the cluster has: Pods, nodes,
migrations.

kubectl asks a program kubectl_complete-migrate for the words behind
"kubectl migrate" by itself: docs/install.md has the line that puts it
there.
)",
                                  .examples = R"(  # bash, in this shell; for every shell, in ~/.bashrc
  source <(kubectl migrate completion bash)

  # zsh, into a folder of $fpath
  kubectl migrate completion zsh >~/.zsh/completions/_kubectl-migrate

  # fish, in ~/.config/fish/config.fish
  kubectl migrate completion fish | source
)",
                                  .usage = R"(  kubectl migrate completion (bash | fish | zsh)
)"};

constexpr HelpText kHelp = {.summary = "More about a command",
                            .what = R"(More about a command.
)",
                            .examples = R"(  # What migrating takes, what abort does
  kubectl migrate help
  kubectl migrate help abort
)",
                            .usage = R"(  kubectl migrate help [COMMAND]
)"};

// By Verb.
constexpr std::array<const HelpText*, kVerbs> kTexts = {&kMigrate,  &kStatus,  &kList,          &kDescribe, &kAbort,
                                                        &kResolve,  &kResume,  &kCheck,         &kCheckApp, &kNodes,
                                                        &kSelfTest, &kDrain,   &kSupportBundle, &kEnable,   &kDisable,
                                                        &kCleanup,  &kVersion, &kCompletion,    &kHelp};

}  // namespace

const HelpText& help_text_of(Verb verb) {
  return *kTexts.at(static_cast<std::size_t>(verb));
}

}  // namespace migrate::plugin
