#include "plugin/arguments.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "plugin/similar.h"
#include "plugin/typed.h"

namespace migrate::plugin {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

struct Good {
  Words typed;
  std::function<bool(const Options&)> is_meant;
};
std::ostream& operator<<(std::ostream& out, const Good& one) {
  return out << joined(one.typed, " ");
}

const std::vector<Good> kGood = {
    {{"orders"},
     [](const Options& o) {
       return o.verb == Verb::migrate && o.name == "orders" && o.wait && o.dry_run == DryRun::none &&
              o.output == Output::text && !o.timeout && o.strategy == Strategy::automatic;
     }},
    {{"pod/orders"}, [](const Options& o) { return o.name == "orders"; }},
    {{"po/orders"}, [](const Options& o) { return o.name == "orders"; }},
    {{"pods/orders"}, [](const Options& o) { return o.name == "orders"; }},
    {{"pod/list"}, [](const Options& o) { return o.verb == Verb::migrate && o.name == "list"; }},
    {{"--", "orders"}, [](const Options& o) { return o.name == "orders"; }},
    // as pflag takes short flags
    {{"orders", "-n", "shop"}, [](const Options& o) { return o.connection.namespace_ == "shop"; }},
    {{"orders", "-n=shop"}, [](const Options& o) { return o.connection.namespace_ == "shop"; }},
    {{"orders", "-nshop"}, [](const Options& o) { return o.connection.namespace_ == "shop"; }},
    {{"-n", "shop", "orders"}, [](const Options& o) { return o.name == "orders"; }},
    {{"orders", "--namespace=shop"}, [](const Options& o) { return o.connection.namespace_ == "shop"; }},
    {{"orders", "-n", "one", "-n", "two"}, [](const Options& o) { return o.connection.namespace_ == "two"; }},
    {{"orders", "-v=4"}, [](const Options& o) { return o.verbosity == 4; }},
    {{"orders", "-v", "6"}, [](const Options& o) { return o.verbosity == 6; }},
    {{"orders", "--v=6"}, [](const Options& o) { return o.verbosity == 6; }},
    {{"orders", "-o=json"}, [](const Options& o) { return o.output == Output::json; }},
    {{"orders", "-oyaml"}, [](const Options& o) { return o.output == Output::yaml; }},
    {{"support-bundle"},
     [](const Options& o) { return o.verb == Verb::support_bundle && o.name.empty() && o.file.empty(); }},
    {{"support-bundle", "mig/orders-x7k2p", "-f", "-"},
     [](const Options& o) { return o.name == "orders-x7k2p" && o.file == "-"; }},
    {{"support-bundle", "--file=b.tar.gz", "-A"},
     [](const Options& o) { return o.all_namespaces && o.file == "b.tar.gz"; }},
    {{"list", "-A=true"}, [](const Options& o) { return o.all_namespaces; }},
    {{"list", "-Aojson"}, [](const Options& o) { return o.all_namespaces && o.output == Output::json; }},
    {{"orders", "--token="}, [](const Options& o) { return o.name == "orders" && o.connection.token.empty(); }},
    {{"--kubeconfig=", "orders"}, [](const Options& o) { return o.name == "orders"; }},
    {{"orders", "-s=https://h:6443", "--as=a=b"},
     [](const Options& o) { return o.connection.server == "https://h:6443" && o.connection.as == "a=b"; }},
    {{"--as-group", "a", "--as-group=b", "orders"},
     [](const Options& o) {
       return o.connection.as_group == Words{"a", "b"} && o.name == "orders";
     }},
    {{"orders", "--as-user-extra", "k=v"}, [](const Options& o) { return o.connection.as_user_extra == Words{"k=v"}; }},
    {{"orders", "--insecure-skip-tls-verify"}, [](const Options& o) { return o.connection.insecure_skip_tls_verify; }},
    {{"sts/orders", "--ordinal", "0"}, [](const Options& o) { return o.name == "orders-0"; }},
    {{"statefulsets.apps/orders", "--ordinal=12"}, [](const Options& o) { return o.name == "orders-12"; }},
    // where to and how
    {{"orders", "--to", "node-b", "--keep-name", "--node-selector", "zone=a,disk="},
     [](const Options& o) {
       return o.to == "node-b" && o.keep_name &&
              o.node_selector == std::map<std::string, std::string>{{"zone", "a"}, {"disk", ""}};
     }},
    {{"orders", "--keep-name=false"}, [](const Options& o) { return !o.keep_name; }},
    {{"orders", "--strategy", "stop", "--checkpoint=kubelet"},
     [](const Options& o) { return o.strategy == Strategy::stop && o.checkpoint == CheckpointBackend::kubelet; }},
    {{"orders", "--accept", "post-start", "--accept=emptydir-loss,init-containers,post-start"},
     [](const Options& o) {
       return o.accept == Words{"post-start", "emptydir-loss", "init-containers"};
     }},
    {{"orders", "--timeout=1h30m"}, [](const Options& o) { return o.timeout == 90min; }},
    {{"orders", "--strategy=live"}, [](const Options& o) { return o.strategy == Strategy::live; }},
    {{"orders", "--strategy=sequential"}, [](const Options& o) { return o.strategy == Strategy::sequential; }},
    {{"orders", "--cutoff=20s", "--max-replay", "1m30s", "--purge-primary"},
     [](const Options& o) { return o.cutoff == 20s && o.max_replay == 90s && o.purge_primary; }},
    {{"orders", "--cutoff=auto"}, [](const Options& o) { return !o.cutoff && !o.max_replay && !o.purge_primary; }},
    {{"orders", "--cutoff=20m", "--timeout=30m"}, [](const Options& o) { return o.cutoff == 20min; }},
    {{"orders", "--strategy=stop", "--queue=q"}, [](const Options& o) { return o.queue == "q"; }},
    {{"orders", "--restore=image"},
     [](const Options& o) { return o.restore == RestoreWay::image && o.transfer == TransferWay::direct; }},
    {{"orders", "--restore", "runtime", "--transfer=direct"},
     [](const Options& o) { return o.restore == RestoreWay::runtime && o.transfer == TransferWay::direct; }},
    {{"orders", "--transfer=registry", "--registry=r.example:5000/team/cp", "--registry-secret", "pull"},
     [](const Options& o) {
       return o.transfer == TransferWay::registry && o.registry == "r.example:5000/team/cp" &&
              o.registry_secret == "pull";
     }},
    {{"orders", "--registry=r/cp"}, [](const Options& o) { return o.transfer == TransferWay::registry; }},
    {{"orders", "--queue", "orders.{ordinal}", "--broker-secret=rabbit"},
     [](const Options& o) { return o.queue == "orders.{ordinal}" && o.broker_secrets == Words{"rabbit"}; }},
    {{"orders", "--dry-run=server", "--name", "mine"},
     [](const Options& o) { return o.dry_run == DryRun::server && o.migration_name == "mine"; }},
    {{"orders", "--no-wait"}, [](const Options& o) { return !o.wait; }},
    {{"orders", "--wait=false"}, [](const Options& o) { return !o.wait; }},
    // commands
    {{"status", "orders-x7k2p"}, [](const Options& o) { return o.verb == Verb::status && o.name == "orders-x7k2p"; }},
    {{"-n=shop", "status", "mig/x"}, [](const Options& o) { return o.verb == Verb::status && o.name == "x"; }},
    {{"list", "-A"}, [](const Options& o) { return o.verb == Verb::list && o.all_namespaces; }},
    {{"describe", "x"}, [](const Options& o) { return o.verb == Verb::describe; }},
    {{"abort", "x"}, [](const Options& o) { return o.verb == Verb::abort; }},
    {{"resolve", "x", "--keep=source"}, [](const Options& o) { return o.resolution == Resolution::keep_source; }},
    {{"resolve", "x", "--keep", "target"}, [](const Options& o) { return o.resolution == Resolution::keep_target; }},
    {{"resume", "x", "--from-checkpoint"},
     [](const Options& o) { return o.verb == Verb::resume && o.resolution == Resolution::from_checkpoint; }},
    {{"check-app", "pod/orders", "--for", "1m", "--accept", "touch-queue", "--amqp-at=[::1]:5672"},
     [](const Options& o) {
       return o.verb == Verb::check_app && o.name == "orders" && o.collect == 60s && o.accept.size() == 1 &&
              o.amqp_at == "[::1]:5672" && o.management_at.empty();
     }},
    {{"enable", "-n", "shop", "--broker-secret", "a", "--broker-secret", "b"},
     [](const Options& o) {
       return o.verb == Verb::enable && o.broker_secrets == Words{"a", "b"};
     }},
    {{"disable", "--all-namespaces"}, [](const Options& o) { return o.verb == Verb::disable && o.all_namespaces; }},
    {{"cleanup", "-A", "--dry-run"},
     [](const Options& o) { return o.verb == Verb::cleanup && o.all_namespaces && o.dry_run != DryRun::none; }},
    {{"cleanup", "--dry-run", "-n", "shop", "--broker-secret=a,b", "--accept", "unknown-mirrors", "-o", "name"},
     [](const Options& o) {
       return o.dry_run != DryRun::none && o.broker_secrets == Words{"a", "b"} &&
              o.accept == Words{"unknown-mirrors"} && o.output == Output::name;
     }},
    {{"cleanup", "--dry-run", "none"}, [](const Options& o) { return o.dry_run == DryRun::none; }},
    {{"status", "x", "--timeout=5m"}, [](const Options& o) { return o.timeout == 5min && o.wait; }},
    {{"status", "x", "--timeout", "0s"}, [](const Options& o) { return !o.timeout; }},
    {{"version"}, [](const Options& o) { return o.verb == Verb::version; }},
    {{"completion", "zsh"}, [](const Options& o) { return o.verb == Verb::completion && o.name == "zsh"; }},
    {{"help"}, [](const Options& o) { return o.verb == Verb::help && !o.help_about; }},
    {{"help", "abort"}, [](const Options& o) { return o.verb == Verb::help && o.help_about == Verb::abort; }},
    {{"--help"}, [](const Options& o) { return o.verb == Verb::help && !o.help_about; }},
    {{"-h"}, [](const Options& o) { return o.verb == Verb::help; }},
    {{"enable", "-n", "shop", "--registry-secret", "pull"},
     [](const Options& o) { return o.verb == Verb::enable && o.registry_secret == "pull"; }},
    {{"enable", "--help"}, [](const Options& o) { return o.verb == Verb::help && o.help_about == Verb::enable; }},
    {{"check"}, [](const Options& o) { return o.verb == Verb::check && o.name.empty(); }},
    {{"pod/check"}, [](const Options& o) { return o.verb == Verb::migrate && o.name == "check"; }},
    {{"check", "sts/orders", "--ordinal=1", "--to=node-b", "--strategy=live", "--gap-budget=500ms", "-o=json"},
     [](const Options& o) {
       return o.verb == Verb::check && o.name == "orders-1" && o.to == "node-b" && o.strategy == Strategy::live &&
              o.gap_budget == 500ms && o.output == Output::json;
     }},
    {{"orders", "--max-total", "30s"}, [](const Options& o) { return o.max_total == 30s && !o.gap_budget; }},
    {{"nodes", "-o", "wide"}, [](const Options& o) { return o.verb == Verb::nodes && o.output == Output::wide; }},
    {{"self-test", "-o", "json"}, [](const Options& o) { return o.output == Output::json; }},
    {{"check-app", "orders", "-o", "yaml"}, [](const Options& o) { return o.output == Output::yaml; }},
    {{"self-test", "--from", "node-a", "--to", "node-b", "--image=r/counter:1"},
     [](const Options& o) {
       return o.verb == Verb::self_test && o.from == "node-a" && o.to == "node-b" && o.image == "r/counter:1";
     }},
    {{"drain", "node-a"},
     [](const Options& o) {
       const DrainRules& rules = o.drain_rules;
       return o.verb == Verb::drain && o.name == "node-a" && o.keep_name && !o.timeout &&
              o.drain_limits.parallel == 2 && o.drain_limits.per_target == 2 && !rules.evict && !rules.force &&
              !rules.ignore_daemonsets && !rules.delete_emptydir_data;
     }},
    {{"drain", "node/node-a", "--evict", "--force", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=0s"},
     [](const Options& o) {
       const DrainRules& rules = o.drain_rules;
       return o.name == "node-a" && rules.evict && rules.force && rules.ignore_daemonsets &&
              rules.delete_emptydir_data && !o.timeout;
     }},
    {{"drain", "node-a", "--parallel", "8", "--parallel-per-target=3", "--keep-name=false", "--timeout=5m", "-l=a=b"},
     [](const Options& o) {
       return o.drain_limits.parallel == 8 && o.drain_limits.per_target == 3 && !o.keep_name && o.timeout == 5min &&
              o.selector == "a=b";
     }},
    {{"pod/drain"}, [](const Options& o) { return o.verb == Verb::migrate && o.name == "drain"; }},
    {{"list", "-w", "-l", "team=shop,tier in (a, b)"},
     [](const Options& o) { return o.watch && o.selector == "team=shop,tier in (a, b)"; }},
    {{"status", "x", "-w"}, [](const Options& o) { return o.watch && o.wait; }},
    {{"status", "x", "--watch=false"}, [](const Options& o) { return !o.watch && !o.wait; }},
    {{"list", "--watch=false"}, [](const Options& o) { return !o.watch; }},
    {{"list", "-o", "jsonpath={range .items[*]}{.a}{\"\\n\"}{end}"},
     [](const Options& o) {
       return o.output == Output::jsonpath && o.jsonpath == "{range .items[*]}{.a}{\"\\n\"}{end}";
     }},
    {{"describe", "x", "-ojsonpath={.items[?(@.a==\"b\")]}"},
     [](const Options& o) { return o.jsonpath == "{.items[?(@.a==\"b\")]}"; }},
    {{"list", "--output=jsonpath=a=b"}, [](const Options& o) { return o.jsonpath == "a=b"; }},
};

struct Bad {
  Words typed;
  std::string says;
};
std::ostream& operator<<(std::ostream& out, const Bad& one) {
  return out << joined(one.typed, " ");
}

const std::vector<Bad> kBad = {
    {{}, "which Pod? kubectl migrate POD"},
    {{"sts/db"}, "sts/db: which Pod of it? --ordinal N says, as in --ordinal 0 for db-0"},
    {{"sts/db", "--ordinal=x"}, "--ordinal=x: not an ordinal"},
    {{"sts/db", "--ordinal=01"}, "--ordinal=01: not an ordinal"},
    {{"db-0", "--ordinal=0"}, "--ordinal belongs to sts/NAME; db-0 is the name of one Pod already"},
    {{"deployment/web"}, "deployment/web: one Pod at a time is migrated"},
    {{"pod/"}, "cannot be the name of a Pod"},
    {{"Orders"}, "\"Orders\" cannot be the name of a Pod"},
    {{"a/b/c"}, "a/b/c: one Pod at a time is migrated"},
    {{"stauts", "x"}, "unknown command \"stauts\" for \"kubectl migrate\"\n\nDid you mean this?\n\tstatus\n"},
    {{"support-bundle", "a", "b"}, "support-bundle takes one name, not \"a b\""},
    {{"support-bundle", "a", "-A"}, "--all-namespaces is for all Migrations"},
    {{"support-bundle", "-A", "-n", "shop"}, "--namespace and --all-namespaces exclude each other"},
    {{"support-bundle", "--file="}, "--file: a name is missing"},
    {{"list", "-f", "x"}, "unknown flag: --file\nIt belongs to: kubectl migrate support-bundle"},
    {{"sysdump", "x"}, "Did you mean this?\n\tsupport-bundle\n"},
    {{"orders", "billing"}, "one Pod at a time: 2 words were given (orders billing)"},
    {{"orders", "--keep-names"},
     "unknown flag: --keep-names\nDid you mean --keep-name?\nSee 'kubectl migrate --help' for usage."},
    {{"orders", "--frobnicate=x"}, "unknown flag: --frobnicate\nSee 'kubectl migrate --help' for usage."},
    {{"orders", "-x"}, "unknown shorthand flag: 'x' in -x"},
    {{"orders", "--to"}, "flag needs an argument: --to"},
    {{"orders", "-n"}, "flag needs an argument: 'n' in -n"},
    {{"orders", "--to", "Node B"}, "invalid argument \"Node B\" for \"--to\" flag: must be a name"},
    {{"orders", "--to="}, "invalid argument \"\" for \"--to\" flag: must be a name"},
    {{"orders", "-n=Shop"}, "invalid argument \"Shop\" for \"-n, --namespace\" flag: must be a name"},
    {{"orders", "--node-selector", "zone"},
     "invalid argument \"zone\" for \"--node-selector\" flag: must be KEY=VALUE"},
    {{"orders", "--node-selector", "zone!=a"}, "must be KEY=VALUE"},
    {{"orders", "--node-selector", "a=b,,c=d"}, "a word is empty"},
    {{"orders", "--strategy", "warp"},
     "invalid argument \"warp\" for \"--strategy\" flag: must be one of auto, live, sequential, stop\nSee"},
    {{"orders", "--checkpoint=disk"}, "for \"--checkpoint\" flag: must be one of auto, kubelet, direct"},
    {{"orders", "--restore=oci"}, "for \"--restore\" flag: must be one of auto, runtime, image"},
    {{"orders", "--transfer=nfs"}, "for \"--transfer\" flag: must be one of direct, registry"},
    {{"orders", "--transfer=direct", "--registry=r/cp"}, "--registry and --transfer=direct exclude each other"},
    {{"orders", "--registry=r/cp", "--registry-secret=A"},
     "invalid argument \"A\" for \"--registry-secret\" flag: must be a name"},
    {{"orders", "--registry=https://r/cp"},
     "invalid argument \"https://r/cp\" for \"--registry\" flag: must be a repository such as registry.example.com"},
    {{"orders", "--registry="}, "for \"--registry\" flag: must be a repository"},
    {{"orders", "--cutoff=soon"},
     "invalid argument \"soon\" for \"--cutoff\" flag: must be auto, or a duration such as 20s or 1m30s"},
    {{"orders", "--cutoff=0s"}, "for \"--cutoff\" flag: must be auto, or a duration"},
    {{"orders", "--cutoff=20m"}, "--cutoff=20m: by then the migration is rolled back (--timeout is 10m)"},
    {{"orders", "--cutoff=90s", "--timeout=90s"}, "--cutoff=1m30s: by then the migration is rolled back"},
    {{"orders", "--max-replay=-1s"}, "for \"--max-replay\" flag: must be a duration such as"},
    {{"orders", "--max-replay=0s"}, "for \"--max-replay\" flag: must be a duration such as"},
    {{"orders", "--purge-primary=maybe"},
     "invalid argument \"maybe\" for \"--purge-primary\" flag: must be true or false"},
    {{"orders", "--strategy=stop", "--cutoff=5s"},
     "--cutoff does not belong to --strategy=stop, which replays nothing"},
    {{"orders", "--strategy=stop", "--purge-primary"}, "--purge-primary does not belong to --strategy=stop"},
    {{"orders", "--max-replays=5s"}, "unknown flag: --max-replays\nDid you mean --max-replay"},
    {{"status", "x", "--cutoff=5s"},
     "unknown flag: --cutoff\nIt belongs to: kubectl migrate POD, kubectl migrate check\nSee 'kubectl migrate status "
     "--help' for usage."},
    {{"orders", "--dry-run=yes"}, "Invalid dry-run value (yes). Must be \"none\", \"server\", or \"client\"."},
    {{"orders", "--dry-run"}, "flag needs an argument: --dry-run"},
    {{"orders", "-o", "wide"},
     "unable to match a printer suitable for the output format \"wide\", allowed formats are: json,jsonpath,name,yaml"},
    {{"orders", "--timeout=soon"}, "invalid argument \"soon\" for \"--timeout\" flag: must be a duration"},
    {{"orders", "--timeout=0s"}, "for \"--timeout\" flag: must be a duration"},
    {{"orders", "--accept="}, "invalid argument \"\" for \"--accept\" flag: a word is empty"},
    {{"orders", "--keep-name=maybe"}, "for \"--keep-name\" flag: must be true or false"},
    {{"orders", "--wait", "--no-wait"}, "exclude each other"},
    {{"orders", "--broker-secret", "a", "--broker-secret", "b"}, "a migration takes one"},
    {{"orders", "--name", std::string(64, 'a')}, "at most 63"},
    {{"orders", "-v=high"}, "invalid argument \"high\" for \"-v, --v\" flag: must be a number"},
    {{"orders", "-A"}, "unknown flag: --all-namespaces\nIt belongs to: kubectl migrate list"},
    {{"orders", "--keep=source"}, "unknown flag: --keep\nIt belongs to: kubectl migrate resolve"},
    {{"status"}, "which Migration? kubectl migrate status NAME"},
    {{"status", "a", "b"}, "status takes one name, not \"a b\""},
    {{"status", "pod/x"}, "pod/x: not a Migration"},
    {{"status", "x", "--timeout=soon"}, "for \"--timeout\" flag: must be a duration"},
    {{"status", "x", "--timeout=5m", "--no-wait"}, "it excludes --no-wait"},
    {{"abort", "x", "--timeout=5m"}, "unknown flag: --timeout"},
    {{"status", "x", "--to", "node-b"}, "unknown flag: --to"},
    {{"list", "x"}, "list takes no name"},
    {{"list", "-A", "-n", "shop"}, "exclude each other"},
    {{"resolve", "x"}, "resolve needs --keep"},
    {{"resolve", "x", "--keep=both"}, "for \"--keep\" flag: must be one of source, target"},
    {{"resume", "x"}, "resume needs --from-checkpoint"},
    {{"resume", "x", "--from-checkpoint=false"}, "resume needs --from-checkpoint"},
    {{"check-app"}, "which Pod? kubectl migrate check-app POD"},
    {{"check-app", "sts/orders"}, "sts/orders: "},
    {{"check-app", "orders", "--for", "soon"}, "for \"--for\" flag: must be a duration"},
    {{"check-app", "orders", "--accept", "anything"}, "check-app knows touch-queue alone"},
    {{"check-app", "orders", "--amqp-at", "localhost"}, "--amqp-at=localhost: not HOST:PORT"},
    {{"check-app", "orders", "--broker-secret", "a,b"}, "check-app takes one"},
    {{"orders", "--for", "1m"}, "unknown flag: --for\nIt belongs to: kubectl migrate check-app"},
    {{"enable", "-A", "--broker-secret", "x"}, "--broker-secret needs --namespace"},
    {{"enable", "-A", "--registry-secret", "x"}, "--registry-secret needs --namespace"},
    {{"version", "-o", "name"}, "output format \"name\", allowed formats are: json,yaml"},
    {{"help", "abrot"}, "unknown command \"abrot\" for \"kubectl migrate\"\n\nDid you mean this?\n\tabort\n"},
    {{"completion"}, "which shell? kubectl migrate completion (bash | fish | zsh)"},
    {{"completion", "tcsh"}, "tcsh: there is no completion for it, only for bash, fish, zsh"},
    {{"completion", "fsh"}, "\nDid you mean fish"},
    {{"completion", "bash", "zsh"}, "completion takes one name"},
    // kubectl's two endings
    {{"list", "--frobnicate"}, "unknown flag: --frobnicate\nSee 'kubectl migrate list --help' for usage."},
    {{"list", "x"}, "list takes no name, not \"x\"\nSee 'kubectl migrate list -h' for help and examples"},
    {{"ls", "x"}, "Did you mean this?\n\tlist\n"},
    {{"orders", "--strategy", "sop"}, "\nDid you mean stop?\n"},
    {{"list", "-o", "jason"}, "\nDid you mean json?\n"},
    {{"list", "-o", "jsonpath"}, "template format specified but no template given"},
    {{"list", "-o", "jsonpath="}, "template format specified but no template given"},
    {{"list", "-o", "jsonpath={.a"}, "error parsing jsonpath {.a, unclosed action"},
    {{"list", "-o", "wide=x"}, "output format \"wide=x\", allowed formats are: json,jsonpath,name,wide,yaml"},
    {{"check", "-o", "wide"}, "allowed formats are: json,yaml"},
    {{"self-test", "-o", "name"}, "allowed formats are: json,yaml"},
    {{"check-app", "orders", "-o", "wide"}, "allowed formats are: json,yaml"},
    {{"check", "a", "b"}, "check takes one name"},
    {{"check", "--ordinal", "0"}, "--ordinal belongs to sts/NAME"},
    {{"check", "orders", "--dry-run=server"},
     "unknown flag: --dry-run\nIt belongs to: kubectl migrate POD, kubectl migrate drain, kubectl migrate cleanup\n"},
    {{"check", "orders", "--broker-secret=a,b"}, "--broker-secret: check takes one"},
    {{"nodes", "node-a"}, "nodes takes no name"},
    {{"cleanup", "orders"}, "cleanup takes no name"},
    {{"cleanup", "-A", "--broker-secret", "x"}, "--broker-secret needs --namespace: that is where the Secret is"},
    {{"cleanup", "--accept=touch-queue"}, "--accept=touch-queue: cleanup knows unknown-mirrors alone"},
    {{"cleanup", "-o", "wide"}, "allowed formats are: json,name,yaml"},
    {{"self-test", "--from", "node-a", "--to=node-a"}, "--from and --to are both node-a"},
    {{"self-test", "--from=A"}, "invalid argument \"A\" for \"--from\" flag: must be a name"},
    {{"orders", "--gap-budget=0s"}, "for \"--gap-budget\" flag: must be a duration such as 500ms"},
    {{"orders", "--max-total=long"}, "for \"--max-total\" flag: must be a duration"},
    {{"status", "x", "-w", "--no-wait"}, "--watch and --no-wait exclude each other"},
    {{"status", "x", "-l", "a=b"},
     "unknown flag: --selector\nIt belongs to: kubectl migrate list, kubectl migrate drain\n"},
    {{"drain"}, "which node? kubectl migrate drain NODE"},
    {{"drain", "a", "b"}, "drain takes one name, not \"a b\""},
    {{"drain", "pod/a"}, "pod/a: not a node"},
    {{"drain", "Node"}, "\"Node\" cannot be the name of a node"},
    {{"drain", "node-a", "--to=node-a"}, "--to=node-a: node-a is the node that is drained"},
    {{"drain", "node-a", "-A", "-n", "shop"}, "exclude each other"},
    {{"drain", "node-a", "--parallel=0"}, "for \"--parallel\" flag: must be a number from 1 to 100"},
    {{"drain", "node-a", "--parallel-per-target=x"}, "must be a number from 1 to 100"},
    {{"drain", "node-a", "--timeout=soon"}, "for \"--timeout\" flag: must be a duration"},
    {{"drain", "node-a", "--queue=q"}, "unknown flag: --queue\nIt belongs to: kubectl migrate POD"},
    {{"orders", "--evict"}, "unknown flag: --evict\nIt belongs to: kubectl migrate drain\n"},
    {{"abort", "x", "-w"}, "unknown flag: --watch\nIt belongs to: kubectl migrate status, kubectl migrate list\n"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(arguments)

BOOST_DATA_TEST_CASE(what_is_typed_is_what_is_meant, boost::unit_test::data::make(kGood), one) {
  const auto options = parse(one.typed);
  BOOST_REQUIRE_MESSAGE(options, (options ? "" : options.error().message));
  BOOST_TEST(one.is_meant(*options));
}

BOOST_DATA_TEST_CASE(a_mistake_is_named, boost::unit_test::data::make(kBad), one) {
  const auto options = parse(one.typed);
  BOOST_REQUIRE(!options);
  BOOST_TEST(options.error().message.find(one.says) != std::string::npos, options.error().message);
}

BOOST_AUTO_TEST_CASE(after_two_dashes_nothing_is_a_flag) {
  BOOST_TEST(normalised({"-n=a", "--", "-n=a"}) == (Words{"-n", "a", "--", "-n=a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(repositories_are_hosts_with_paths) {
  for (const char* good : {"r/cp", "localhost:5000/a", "registry.example.com/team/check_points-1.x"})
    BOOST_TEST(is_repository(good), good);
  for (const char* bad : {"", "r", "r/", "/cp", "https://r/cp", "r:/cp", "r:port/cp", "r:123456/cp", "r/cp:latest",
                          "r/cp@sha256:aa", "r//cp", "r/cp/", "r/CP", "r/-cp", "r /cp", "R/cp"})
    BOOST_TEST(!is_repository(bad), bad);
  BOOST_TEST(!is_repository("r/" + std::string(254, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
