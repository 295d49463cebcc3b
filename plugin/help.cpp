#include "plugin/help.h"

namespace migrate::plugin {
namespace {

constexpr std::string_view kWhole =
    R"(Move a running Pod to another node, with its memory and its place in the
message stream. Nobody loses or repeats a message; if anything goes wrong before
the commit, the Pod runs on where it was.

Usage:
  kubectl migrate POD [--to NODE] [flags]
  kubectl migrate COMMAND [NAME] [flags]

Examples:
  # Move the Pod orders; the scheduler chooses the node
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

  # Only look what would be asked for
  kubectl migrate orders --to node-b --dry-run=client

  # Start it, do something else, come back to it
  kubectl migrate orders --no-wait
  kubectl migrate status orders-x7k2p

Commands:
  status NAME      Follow a migration, or show how it ended
  list             List migrations
  describe NAME    All about one: steps, archives, conditions, events
  abort NAME       End it with the source running as before
  resolve NAME     In doubt: say whether source or target goes on
  resume NAME      In doubt: restore once more from the checkpoint
  check-app POD    Play the replay protocol to a copy of an application
  enable           Allow migrations in a namespace
  disable          Take that back
  version          Version of this program and of what is installed
  help [COMMAND]   More about a command
  A Pod that is called like a command is named as pod/NAME, one of a
  StatefulSet also as sts/NAME --ordinal N.

Where to:
  --to NODE                Only this node
  --node-selector K=V,...  Only nodes with these labels

How:
  --keep-name              The target gets the Pod's own name
                           (else NAME-mig-xxxxx; a StatefulSet's always
                           does)
  --strategy WORD          auto (default): stop, which is exact by itself;
                           live: restored beside it, messages are replayed
                           sequential: it ends, then messages are replayed
                           stop: frozen all the while, nothing to replay
  --timeout DURATION       Not committed by then: rolled back (default 10m)
  --accept WORD,...        Take a risk that would be refused; the refusal says
                           which word. May be repeated
  --name NAME              The Migration's name (else POD-xxxxx)

Messages (live and sequential replay them; see docs/strategies.md):
  --queue NAME             The queue it consumes (else the Pod's annotation
                           kubectl-migrate.dev/queue; another one than that
                           takes --broker-secret)
  --broker-secret NAME     Secret with amqp-url and management-url (else the
                           Pod's annotation kubectl-migrate.dev/broker-secret)
  --max-replay DURATION    How long what is left may take to be replayed once
                           the Pod has stopped (default 30s)
  --cutoff DURATION        Live: when the Pod stops if its copy has not caught
                           up, counted from the mirror's beginning, or as soon
                           as the copy reads; instead of the time computed from
                           the measured rates (auto, the default)
  --purge-primary          At the cut empty the queue itself, as the mirror has
                           it all. Only for apps that neither recognise repeats
                           nor publish

How the memory travels:
  --checkpoint WORD        auto (default), kubelet or direct
  --restore WORD           auto (default) or runtime, or image: from an OCI
                           image, as containerd 2.1 to 2.3 does it
  --transfer WORD          direct (default; node to node) or registry
  --registry REPOSITORY    HOST[:PORT]/PATH of a registry that checkpoints are
                           pushed to as images; implies --transfer=registry
  --registry-secret NAME   Secret with its credentials (made with kubectl
                           create secret docker-registry); the controller must
                           be allowed to read it: kubectl migrate enable

  Annotations of the Pod stand for flags that are not given:
  kubectl-migrate.dev/max-replay, cutoff, restore-way, transfer, registry and
  registry-secret.

Waiting and output:
  --wait, --no-wait        Follow it to its end (default), or return at once.
                           Ctrl-C stops following, not the migration
  --dry-run WORD           none (default), client or server
  -o, --output WORD        name, json or yaml: only that on standard output
)";

constexpr std::string_view kConnection =
    R"(
Connection (as for kubectl):
  -n, --namespace NAME     --kubeconfig FILE        --context NAME
  --cluster NAME           --user NAME              -s, --server URL
  --token TEXT             --as USER                --as-group GROUP
  --as-uid UID             --as-user-extra K=V      --tls-server-name NAME
  --client-certificate FILE                         --client-key FILE
  --certificate-authority FILE                      --insecure-skip-tls-verify
  -v 6                     Tell each request on standard error
)";

constexpr std::string_view kExitCodes =
    R"(
Exit codes:
  0 done   1 failed   2 usage   3 refused, nothing was touched   4 rolled back
  5 rolled back because the time was over   6 in doubt   130 detached by Ctrl-C
)";

constexpr std::string_view kStatus =
    R"(Follow a migration to its end, or show how it ended. The exit code says how.

Usage:
  kubectl migrate status NAME [--no-wait] [-o name|json|yaml] [flags]

Examples:
  kubectl migrate status orders-x7k2p
  kubectl migrate status orders-x7k2p --no-wait

Flags:
  --no-wait                One picture of now
  -o, --output WORD        name, json or yaml: only that on standard output
)";

constexpr std::string_view kList =
    R"(List migrations, the newest last.

Usage:
  kubectl migrate list [-A] [-o name|json|yaml] [flags]

Flags:
  -A, --all-namespaces     Of all namespaces
  -o, --output WORD        name, json or yaml
)";

constexpr std::string_view kDescribe =
    R"(All about one migration: what was asked for, steps, conditions, archives,
warnings, events.

Usage:
  kubectl migrate describe NAME [flags]
)";

constexpr std::string_view kAbort =
    R"(End a migration with the source running as before and nothing left behind.
Possible up to its commit; after it a migration only goes forward.
Exit code 0 when it was rolled back.

Usage:
  kubectl migrate abort NAME [--no-wait] [-o name|json|yaml] [flags]
)";

constexpr std::string_view kResolve =
    R"(Decide about a migration in doubt: whether its target has run could not be found
out, and two copies must never run.

Usage:
  kubectl migrate resolve NAME --keep source|target [--no-wait] [flags]

Flags:
  --keep source            The source goes on, the target is removed; refused
                           once the source's memory is gone
  --keep target            The target goes on, the source is removed
)";

constexpr std::string_view kResume =
    R"(Decide about a migration in doubt: both copies are given up, and the archives
are restored once more.

Usage:
  kubectl migrate resume NAME --from-checkpoint [--no-wait] [flags]
)";

constexpr std::string_view kCheckApp =
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

Usage:
  kubectl migrate check-app POD [--for DURATION] [--accept touch-queue] [flags]

Examples:
  kubectl migrate check-app orders -n shop
  kubectl migrate check-app orders -n shop --for 1m --accept touch-queue

Flags:
  --for DURATION           How long messages are collected (default 10s), at
                           most 100
  --accept touch-queue     Play END_REPLAY too: a copy that obeys consumes the
                           Pod's own queue until its Pod has ended, at once.
                           What it has not acknowledged then comes back; what
                           it has, the application never sees
  --queue NAME             The queue it consumes (else the Pod's annotation
                           kubectl-migrate.dev/queue)
  --broker-secret NAME     Secret with amqp-url and management-url (else the
                           Pod's annotation kubectl-migrate.dev/broker-secret)
  --amqp-at HOST:PORT      Where the broker's two ports are reached from here.
  --management-at HOST:PORT  Without these a Service of the cluster is reached
                           by kubectl port-forward (right: create
                           pods/portforward), anything else by its name

Exit codes:
  0 all is well   1 something is not   2 usage   3 refused   130 interrupted
)";

constexpr std::string_view kEnable =
    R"(Allow migrations in a namespace: labels it kubectl-migrate.dev/enabled=true and
binds the controller's rights to it (RoleBinding kubectl-migrate). Everywhere
else the controller can do nothing.

Usage:
  kubectl migrate enable [-n NAMESPACE | --all-namespaces] [flags]

Examples:
  kubectl migrate enable -n shop
  kubectl migrate enable -n shop --broker-secret rabbitmq

Flags:
  --broker-secret NAME     The controller may read this Secret too. May be
                           repeated; all that are to be read, each time
  --registry-secret NAME   And this one, of a registry for checkpoints
  -A, --all-namespaces     Binds the rights in the whole cluster and labels all
                           namespaces of now but the cluster's own (kube-...)
)";

constexpr std::string_view kDisable =
    R"(Take back what enable did: label, rights, Secrets. Refused while migrations of
the namespace are under way.

Usage:
  kubectl migrate disable [-n NAMESPACE | --all-namespaces] [flags]
)";

constexpr std::string_view kVersion =
    R"(Version of this program and of what is installed in the cluster.

Usage:
  kubectl migrate version [-o json|yaml] [flags]
)";

constexpr std::string_view kHelp =
    R"(More about a command.

Usage:
  kubectl migrate help [COMMAND]
)";

}  // namespace

std::string help_text(std::optional<Verb> about) {
  const auto with_connection = [](std::string_view text) { return std::string(text) + std::string(kConnection); };
  if (!about) return with_connection(kWhole) + std::string(kExitCodes);
  switch (*about) {
    case Verb::migrate:
      break;
    case Verb::status:
      return with_connection(kStatus) + std::string(kExitCodes);
    case Verb::list:
      return with_connection(kList);
    case Verb::describe:
      return with_connection(kDescribe);
    case Verb::abort:
      return with_connection(kAbort);
    case Verb::resolve:
      return with_connection(kResolve);
    case Verb::resume:
      return with_connection(kResume);
    case Verb::check_app:
      return with_connection(kCheckApp);
    case Verb::enable:
      return with_connection(kEnable);
    case Verb::disable:
      return with_connection(kDisable);
    case Verb::version:
      return with_connection(kVersion);
    case Verb::help:
      return std::string(kHelp);
  }
  return with_connection(kWhole) + std::string(kExitCodes);
}

}  // namespace migrate::plugin
