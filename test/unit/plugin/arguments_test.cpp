#include "plugin/arguments.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "plugin/similar.h"

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
    {{"version"}, [](const Options& o) { return o.verb == Verb::version; }},
    {{"help"}, [](const Options& o) { return o.verb == Verb::help && !o.help_about; }},
    {{"help", "abort"}, [](const Options& o) { return o.verb == Verb::help && o.help_about == Verb::abort; }},
    {{"--help"}, [](const Options& o) { return o.verb == Verb::help && !o.help_about; }},
    {{"-h"}, [](const Options& o) { return o.verb == Verb::help; }},
    {{"enable", "-n", "shop", "--registry-secret", "pull"},
     [](const Options& o) { return o.verb == Verb::enable && o.registry_secret == "pull"; }},
    {{"enable", "--help"}, [](const Options& o) { return o.verb == Verb::help && o.help_about == Verb::enable; }},
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
    {{"stauts", "x"}, "unknown command \"stauts\" for \"kubectl migrate\"; did you mean status?"},
    {{"orders", "billing"}, "one Pod at a time: 2 words were given (orders billing)"},
    {{"orders", "--keep-names"}, "unknown flag --keep-names; did you mean --keep-name"},
    {{"orders", "--frobnicate=x"}, "unknown flag --frobnicate"},
    {{"orders", "-x"}, "unknown flag -x"},
    {{"orders", "--to"}, "--to needs a value"},
    {{"orders", "-n"}, "--namespace needs a value"},
    {{"orders", "--to", "Node B"}, "--to=Node B: not a name"},
    {{"orders", "--to="}, "--to=: not a name"},
    {{"orders", "-n=Shop"}, "--namespace=Shop: not a name"},
    {{"orders", "--node-selector", "zone"}, "--node-selector=zone: not KEY=VALUE"},
    {{"orders", "--node-selector", "zone!=a"}, "not KEY=VALUE"},
    {{"orders", "--node-selector", "a=b,,c=d"}, "an empty word"},
    {{"orders", "--strategy", "warp"}, "--strategy=warp: not one of auto, live, sequential, stop"},
    {{"orders", "--checkpoint=disk"}, "--checkpoint=disk: not one of auto, kubelet, direct"},
    {{"orders", "--restore=oci"}, "--restore=oci: not one of auto, runtime, image"},
    {{"orders", "--transfer=nfs"}, "--transfer=nfs: not one of direct, registry"},
    {{"orders", "--transfer=direct", "--registry=r/cp"}, "--registry and --transfer=direct exclude each other"},
    {{"orders", "--registry=r/cp", "--registry-secret=A"}, "--registry-secret=A: not a name"},
    {{"orders", "--registry=https://r/cp"}, "--registry=https://r/cp: not a repository such as registry.example.com"},
    {{"orders", "--registry="}, "--registry=: not a repository"},
    {{"orders", "--cutoff=soon"}, "--cutoff=soon: not auto, nor a duration such as 20s or 1m30s"},
    {{"orders", "--cutoff=0s"}, "--cutoff=0s: not auto, nor a duration"},
    {{"orders", "--cutoff=20m"}, "--cutoff=20m: by then the migration is rolled back (--timeout is 10m)"},
    {{"orders", "--cutoff=90s", "--timeout=90s"}, "--cutoff=1m30s: by then the migration is rolled back"},
    {{"orders", "--max-replay=-1s"}, "--max-replay=-1s: not a duration such as"},
    {{"orders", "--max-replay=0s"}, "--max-replay=0s: not a duration such as"},
    {{"orders", "--purge-primary=maybe"}, "--purge-primary=maybe: not true or false"},
    {{"orders", "--strategy=stop", "--cutoff=5s"},
     "--cutoff does not belong to --strategy=stop, which replays nothing"},
    {{"orders", "--strategy=stop", "--purge-primary"}, "--purge-primary does not belong to --strategy=stop"},
    {{"orders", "--max-replays=5s"}, "unknown flag --max-replays; did you mean --max-replay"},
    {{"status", "x", "--cutoff=5s"}, "--cutoff does not belong to status"},
    {{"orders", "--dry-run=yes"}, "--dry-run=yes: not one of none, client, server"},
    {{"orders", "--dry-run"}, "--dry-run needs a value"},
    {{"orders", "-o", "wide"}, "--output=wide: not one of name, json, yaml"},
    {{"orders", "--timeout=soon"}, "--timeout=soon: not a duration"},
    {{"orders", "--timeout=0s"}, "--timeout=0s: not a duration"},
    {{"orders", "--accept="}, "--accept=: an empty word"},
    {{"orders", "--keep-name=maybe"}, "--keep-name=maybe: not true or false"},
    {{"orders", "--wait", "--no-wait"}, "exclude each other"},
    {{"orders", "--broker-secret", "a", "--broker-secret", "b"}, "a migration takes one"},
    {{"orders", "--name", std::string(64, 'a')}, "at most 63"},
    {{"orders", "-v=high"}, "-v high: not a number"},
    {{"orders", "-A"}, "--all-namespaces does not belong to the start of a migration"},
    {{"orders", "--keep=source"}, "--keep does not belong to the start of a migration"},
    {{"status"}, "which Migration? kubectl migrate status NAME"},
    {{"status", "a", "b"}, "status takes one name, not \"a b\""},
    {{"status", "pod/x"}, "pod/x: not a Migration"},
    {{"status", "x", "--to", "node-b"}, "--to does not belong to status"},
    {{"list", "x"}, "list takes no name"},
    {{"list", "-A", "-n", "shop"}, "exclude each other"},
    {{"resolve", "x"}, "resolve needs --keep"},
    {{"resolve", "x", "--keep=both"}, "--keep=both: not one of source, target"},
    {{"resume", "x"}, "resume needs --from-checkpoint"},
    {{"resume", "x", "--from-checkpoint=false"}, "resume needs --from-checkpoint"},
    {{"check-app"}, "which Pod? kubectl migrate check-app POD"},
    {{"check-app", "sts/orders"}, "sts/orders: "},
    {{"check-app", "orders", "--for", "soon"}, "--for=soon: not a duration"},
    {{"check-app", "orders", "--accept", "anything"}, "check-app knows touch-queue alone"},
    {{"check-app", "orders", "--amqp-at", "localhost"}, "--amqp-at=localhost: not HOST:PORT"},
    {{"check-app", "orders", "--broker-secret", "a,b"}, "check-app takes one"},
    {{"orders", "--for", "1m"}, "--for does not belong to the start of a migration"},
    {{"enable", "-A", "--broker-secret", "x"}, "--broker-secret needs --namespace"},
    {{"enable", "-A", "--registry-secret", "x"}, "--registry-secret needs --namespace"},
    {{"version", "-o", "name"}, "version has none"},
    {{"help", "abrot"}, "no help for \"abrot\"; did you mean abort?"},
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

BOOST_AUTO_TEST_CASE(names_are_subdomains) {
  for (const char* good : {"a", "a-b", "a.b", "0", "a1.b-2"})
    BOOST_TEST(is_object_name(good), good);
  for (const char* bad : {"", "-a", "a-", "a..b", "a.-b", "a-.b", ".a", "a.", "A", "a_b", "a/b", ".."})
    BOOST_TEST(!is_object_name(bad), bad);
  BOOST_TEST(!is_object_name(std::string(254, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
