#include "shared/migration/migration.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <ostream>

namespace {

namespace data = boost::unit_test::data;
using namespace migrate;
using namespace std::chrono_literals;
using Json = nlohmann::json;

const char* const kFull = R"({
  "apiVersion": "kubectl-migrate.dev/v1alpha1", "kind": "Migration",
  "metadata": {"name": "orders-1", "namespace": "shop", "uid": "u-1", "resourceVersion": "7",
    "creationTimestamp": "2026-01-02T03:04:05Z", "deletionTimestamp": "2026-01-02T03:05:05Z",
    "finalizers": ["other/x", "kubectl-migrate.dev/clean-up"],
    "annotations": {"kubectl-migrate.dev/requested-by": "ann"}},
  "spec": {
    "pod": {"name": "orders", "uid": "p-1"},
    "target": {"node": "node-b", "nodeSelector": {"disk": "fast"}},
    "strategy": "Stop", "checkpoint": "Kubelet", "keepName": true,
    "restore": "Image", "transfer": {"via": "Registry", "repository": "r.example:5000/cp", "secretName": "pull"},
    "messages": {"mode": "Queue", "queue": "orders.{ordinal}", "broker": {"secretName": "rabbit"},
      "maxReplay": "20s", "cutoff": "1m30s", "purgePrimary": true},
    "gapBudget": "500ms", "maxTotal": "30s", "dryRun": true, "accept": ["init-containers", "post-start",
      "dry-run"],
    "timeout": "1m30s", "ttlAfterFinished": "24h", "abort": true, "resolve": "Checkpoint"},
  "status": {
    "phase": "Restoring", "reason": "R", "message": "m",
    "refusals": [{"reason": "PodNotReady", "message": "not ready"},
      {"reason": "PostStart", "message": "a hook", "accept": "post-start"}],
    "plan": {"because": "Stop was asked for", "steps": [{"name": "Preparing", "text": "looked at"},
      {"name": "Placing", "text": "made"}], "target": "[]"},
    "alternatives": [{"strategy": "Stop", "freeze": 400, "gap": 900, "total": 2500},
      {"strategy": "Live", "against": ["no queue", "a volume"]}],
    "source": {"pod": "orders", "uid": "p-1", "node": "node-a"},
    "target": {"pod": "orders-mig-abcde", "uid": "p-2", "node": "node-b"},
    "placeholder": "orders-mig-hold", "strategy": "Stop", "restore": "Runtime",
    "messages": {"queue": "orders.0", "mirror": "ms2m.replay.u-1", "controlQueue": "ms2m.control.orders-mig-abcde",
      "boundAt": "2026-01-02T03:04:05.600000Z", "arrivalRate": 10.25, "serviceRate": 19.8, "serviceRateFrom": "Target",
      "backlog": 3, "backlogSeries": [{"at": "2026-01-02T03:04:05.700000Z", "ready": 12},
        {"at": "2026-01-02T03:04:05.900000Z", "ready": 3}],
      "backlogIntervalMs": 180, "mirrored": 40, "replayed": 37, "mirroredEstimate": 41, "replayedEstimate": 39, "backlogAtCut": 5, "duplicatesBound": 8, "lost": 0,
      "cutoffSeconds": 57.912, "cutoffUsedSeconds": 4.25, "cutBecause": "Converged"},
    "checkpoint": {"backend": "Direct", "bytes": 300, "freezeMs": 412, "snapshotFreezeMs": 333, "archives": [
      {"container": "app", "bytes": 100, "digest": "sha256:aa"},
      {"container": "volume/tmp", "bytes": 200, "digest": "sha256:bb"}]},
    "conditions": [{"type": "SourceGone", "status": "False", "reason": "StillThere", "message": "x",
      "lastTransitionTime": "2026-01-02T03:04:06.000001Z"}],
    "steps": [
      {"name": "Placing", "startedAt": "2026-01-02T03:04:05.000001Z", "finishedAt": "2026-01-02T03:04:05.500002Z",
       "message": "node-b"},
      {"name": "Restoring", "startedAt": "2026-01-02T03:04:07.000003Z"}],
    "attempt": 2, "forecast": {"freezeMs": 400, "gapMs": 900, "totalMs": 2500, "restoreMs": 500,
      "freezeRange": {"low": 300, "high": 600}, "gapRange": {"low": 700, "high": 1200},
      "totalRange": {"low": 2000, "high": 4000}, "cutoff": 60000, "backlogAtCut": 12, "bytes": 2048},
    "frozenAt": "2026-01-02T03:04:06.000000Z", "runningAt": "2026-01-02T03:04:07.000000Z", "gapMs": 1000,
    "startedAt": "2026-01-02T03:04:05.000000Z", "finishedAt": "2026-01-02T03:04:08.000000Z",
    "warnings": ["w1", "w2"]}
})";

const char* const kLeast = R"({"metadata": {"name": "m", "namespace": "shop"},
                               "spec": {"pod": {"name": "orders", "uid": "p-1"}}})";

Migration parsed(const Json& object) {
  const auto read = parse_migration(object);
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().message));
  return *read;
}

struct Broken {
  std::string pointer;
  Json value;
  std::string says;
  friend std::ostream& operator<<(std::ostream& out, const Broken& c) { return out << c.pointer << " = " << c.value; }
};

const std::vector<Broken> kBroken = {
    {"/spec/pod/name", "", "spec.pod.name: is missing"},
    {"/spec/pod/uid", nullptr, "spec.pod.uid: is missing"},
    {"/spec/pod", 3, "spec.pod: a number where a mapping belongs"},
    {"/spec/strategy", "stop", "spec.strategy: 'stop', which is none of Auto, Live, Sequential, Stop"},
    {"/spec/strategy", "", "spec.strategy: '', which is none of"},
    {"/spec/checkpoint", "CRIU", "spec.checkpoint: 'CRIU', which is none of Auto, Kubelet, Direct"},
    {"/spec/messages/mode", "Relay", "spec.messages.mode: 'Relay'"},
    {"/spec/messages/maxReplay", "0s", "spec.messages.maxReplay: no time at all"},
    {"/spec/messages/maxReplay", 30, "spec.messages.maxReplay: a number where a text belongs"},
    {"/spec/messages/cutoff", "auto", "spec.messages.cutoff: 'auto' is no duration"},
    {"/spec/messages/cutoff", "0s", "spec.messages.cutoff: no time at all"},
    {"/spec/messages/cutoff", "", "spec.messages.cutoff: '' is no duration"},
    {"/spec/messages/purgePrimary", "yes", "spec.messages.purgePrimary: a text where true or false belongs"},
    {"/spec/restore", "Registry", "spec.restore: 'Registry', which is none of Auto, Runtime, Image"},
    {"/spec/transfer/via", "Auto", "spec.transfer.via: 'Auto', which is none of Direct, Registry"},
    {"/spec/transfer/repository", "", "spec.transfer.repository: is missing"},
    {"/spec/resolve", "Both", "spec.resolve: 'Both', which is none of Source, Target, Checkpoint"},
    {"/spec/keepName", "yes", "spec.keepName: a text where true or false belongs"},
    {"/spec/timeout", "ten", "spec.timeout: 'ten' is no duration"},
    {"/spec/timeout", "0s", "spec.timeout: no time at all"},
    {"/spec/timeout", 600, "spec.timeout: a number where a text belongs"},
    {"/spec/ttlAfterFinished", "1d", "spec.ttlAfterFinished: '1d' is no duration"},
    {"/spec/gapBudget", "0s", "spec.gapBudget: no time at all"},
    {"/spec/maxTotal", "soon", "spec.maxTotal: 'soon' is no duration"},
    {"/spec/dryRun", "server", "spec.dryRun: a text where true or false belongs"},
    {"/spec/accept", "all", "spec.accept: a text where a list belongs"},
    {"/spec/target/nodeSelector/disk", true, "spec.target.nodeSelector.disk: a boolean where a text belongs"},
    {"/metadata/name", nullptr, "metadata.name: is missing"},
    {"/metadata/creationTimestamp", "yesterday", "metadata.creationTimestamp: "},
    {"/status/phase", "Flying", "status.phase: 'Flying', which is none of the phases that this version knows"},
    {"/status/conditions/0/status", "yes", "status.conditions[0].status: 'yes'"},
    {"/status/steps/1/startedAt", 5, "status.steps[1].startedAt: a number where a text belongs"},
    {"/status/checkpoint/archives/0/bytes", -1, "status.checkpoint.archives[0].bytes: -1 where no negative"},
    {"/status/checkpoint/archives/0/bytes", 1.5, "status.checkpoint.archives[0].bytes: 1.5 where a whole number"},
    {"/status/restore", "Cold", "status.restore: 'Cold', which is none of Auto, Runtime, Image"},
    {"/status/messages", "none", "status.messages: a text where a mapping belongs"},
    {"/status/messages/boundAt", "now", "status.messages.boundAt: "},
    {"/status/messages/arrivalRate", "10", "status.messages.arrivalRate: a text where a number belongs"},
    {"/status/messages/serviceRate", -0.5, "status.messages.serviceRate: -0.5 where no negative number"},
    {"/status/messages/serviceRateFrom", "Guess", "status.messages.serviceRateFrom: 'Guess', which is none of Source"},
    {"/status/messages/backlogSeries/1/ready", -3, "status.messages.backlogSeries[1].ready: -3 where no negative"},
    {"/status/messages/lost", 0.5, "status.messages.lost: 0.5 where a whole number"},
    {"/status/messages/cutoffSeconds", 1e15,
     "status.messages.cutoffSeconds: 1000000000000000, which is no span of ours"},
    {"/status/messages/cutoffUsedSeconds", -1, "status.messages.cutoffUsedSeconds: -1 where no negative"},
    {"/status/refusals/0/reason", "", "status.refusals[0].reason: is missing"},
    {"/status/plan/steps/1/name", nullptr, "status.plan.steps[1].name: is missing"},
    {"/status/alternatives/0/strategy", "Fast", "status.alternatives[0].strategy: 'Fast', which is none of Live"},
    {"/status/forecast/gapRange/low", -1, "status.forecast.gapRange.low: -1 where no negative"},
    {"/status/forecast/cutoff", "1m", "status.forecast.cutoff: a text where a whole number"},
    {"/status/gapMs", "900", "status.gapMs: a text where a whole number belongs"},
    {"/status/attempt", 5'000'000'000, "status.attempt: 5000000000, which is no number of attempts"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(migrations)

BOOST_AUTO_TEST_CASE(every_field_of_the_object_is_read) {
  const Migration m = parsed(Json::parse(kFull));
  BOOST_TEST(m.namespace_ == "shop");
  BOOST_TEST(m.name == "orders-1");
  BOOST_TEST(m.uid == "u-1");
  BOOST_TEST(m.resource_version == "7");
  BOOST_TEST(m.created.time_since_epoch().count() == 1'767'323'045'000'000);
  BOOST_TEST(m.deleting);
  BOOST_TEST(m.has_finalizer);
  BOOST_TEST(m.requested_by == "ann");
  BOOST_TEST(m.spec.pod == "orders");
  BOOST_TEST(m.spec.target_selector.at("disk") == "fast");
  BOOST_TEST((m.spec.timeout == std::chrono::seconds{90}));
  BOOST_TEST((m.spec.resolve == Resolution::from_checkpoint));
  BOOST_TEST((m.spec.restore == RestoreWay::image && m.spec.transfer == TransferWay::registry));
  BOOST_TEST(m.spec.registry == "r.example:5000/cp");
  BOOST_TEST(m.spec.registry_secret == "pull");
  BOOST_TEST((m.spec.max_replay == std::chrono::seconds{20}));
  BOOST_TEST((m.spec.cutoff == std::chrono::seconds{90}));
  BOOST_TEST(m.spec.purge_primary);
  BOOST_TEST((m.status.phase == Phase::restoring));
  BOOST_TEST((m.status.target == PodPlace{"orders-mig-abcde", "p-2", "node-b"}));
  BOOST_TEST((m.status.checkpoint == CheckpointBackend::direct));
  BOOST_TEST(total_size(m.status).count == 300U);
  BOOST_TEST((m.status.freeze == milliseconds{412}));
  BOOST_TEST((m.status.gap == milliseconds{1000}));
  BOOST_TEST(m.status.steps.size() == 2U);
  BOOST_TEST(!m.status.steps[1].finished);
  BOOST_TEST(m.status.attempt == 2U);
}

BOOST_AUTO_TEST_CASE(what_became_of_the_messages_is_read) {
  const Migration m = parsed(Json::parse(kFull));
  BOOST_REQUIRE(m.status.messages.has_value());
  const MessagesStatus& messages = *m.status.messages;
  BOOST_TEST((messages.bound_at == Instant{Microseconds{1'767'323'045'600'000}}));
  BOOST_TEST(messages.arrival_rate.value_or(0) == 10.25);
  BOOST_TEST((messages.service_rate_from == RateSource::target));
  BOOST_REQUIRE(messages.backlog.size() == 2U);
  BOOST_TEST(messages.backlog.front().ready == 12U);
  BOOST_TEST(messages.lost.value_or(9) == 0U);
  BOOST_TEST((messages.cutoff_planned == milliseconds{57'912}));
  BOOST_TEST((messages.cutoff_used == milliseconds{4'250}));
  BOOST_TEST(messages.cut_because == "Converged");
  BOOST_TEST((m.status.restore == RestoreWay::runtime));
  BOOST_TEST((m.status.snapshot_freeze == milliseconds{333}));
  BOOST_TEST((m.status.forecast_total == milliseconds{2500}));
  BOOST_TEST(m.status.forecast_size.count == 2048U);
}

BOOST_AUTO_TEST_CASE(what_was_told_before_anything_happened_is_read) {
  const Migration m = parsed(Json::parse(kFull));
  BOOST_TEST((m.spec.gap_budget == milliseconds{500}));
  BOOST_TEST((m.spec.max_total == milliseconds{30'000}));
  BOOST_TEST(m.spec.dry_run);
  BOOST_REQUIRE(m.status.refusals.size() == 2U);
  BOOST_TEST((m.status.refusals[1] == RefusalNote{"PostStart", "a hook", "post-start"}));
  BOOST_REQUIRE(m.status.plan.has_value());
  BOOST_TEST((*m.status.plan == Plan{"Stop was asked for", {{"Preparing", "looked at"}, {"Placing", "made"}}, "[]"}));
  BOOST_REQUIRE(m.status.alternatives.size() == 2U);
  BOOST_TEST((m.status.alternatives[0] ==
              Alternative{Strategy::stop, milliseconds{400}, milliseconds{900}, milliseconds{2500}, {}}));
  BOOST_TEST((m.status.alternatives[1] == Alternative{Strategy::live, {}, {}, {}, {"no queue", "a volume"}}));
  BOOST_TEST((m.status.forecast_freeze_range == Range{milliseconds{300}, milliseconds{600}}));
  BOOST_TEST((m.status.forecast_gap_range == Range{milliseconds{700}, milliseconds{1200}}));
  BOOST_TEST((m.status.forecast_total_range == Range{milliseconds{2000}, milliseconds{4000}}));
  BOOST_TEST((m.status.forecast_cutoff == milliseconds{60'000}));
  BOOST_TEST(m.status.forecast_backlog.value_or(0) == 12U);
}

// The schema's default of a budget.
BOOST_AUTO_TEST_CASE(an_empty_budget_is_none) {
  Json object = Json::parse(kLeast);
  object["spec"]["gapBudget"] = "";
  object["spec"]["maxTotal"] = "";
  BOOST_TEST(!parsed(object).spec.gap_budget);
  BOOST_TEST(!parsed(object).spec.max_total);
}

BOOST_AUTO_TEST_CASE(what_is_not_known_of_the_messages_stays_unknown) {
  MigrationStatus status;
  status.messages.emplace();
  BOOST_TEST(to_json(status)["messages"] == Json::object());
  Json object = Json::parse(kLeast);
  object["status"] = to_json(status);
  BOOST_TEST((parsed(object).status.messages == MessagesStatus{}));
  // Whole rates come back from the API server as whole numbers.
  object["status"]["messages"]["arrivalRate"] = 10;
  BOOST_TEST(parsed(object).status.messages->arrival_rate.value_or(0) == 10.0);
}

BOOST_AUTO_TEST_CASE(rates_are_written_to_a_thousandth_and_what_is_no_number_is_not) {
  MigrationStatus status;
  status.messages.emplace();
  status.messages->arrival_rate = 10.0 / 3;
  status.messages->service_rate = std::numeric_limits<double>::infinity();
  BOOST_TEST(to_json(status)["messages"] == Json::parse(R"({"arrivalRate": 3.333})"));
}

BOOST_AUTO_TEST_CASE(spec_and_status_come_back_as_they_were_written) {
  const Json full = Json::parse(kFull);
  const Migration m = parsed(full);
  BOOST_TEST(to_json(m.spec) == full["spec"]);
  BOOST_TEST(to_json(m.status) == full["status"]);
}

// Whoever does not know the field refuses the word.
BOOST_AUTO_TEST_CASE(a_dry_run_has_a_word_that_goes_with_it) {
  const Migration m = parsed(Json::parse(kFull));
  BOOST_TEST((m.spec.accept == std::vector<std::string>{"init-containers", "post-start"}));
  MigrationSpec spec;
  BOOST_TEST(!to_json(spec).contains("accept"));
  spec.dry_run = true;
  BOOST_TEST(to_json(spec)["accept"] == Json::array({"dry-run"}));
  Json dropped = Json::parse(kFull);
  dropped["spec"].erase("dryRun");
  BOOST_TEST(parsed(dropped).spec.accept.back() == "dry-run");
}

BOOST_AUTO_TEST_CASE(an_object_for_create_has_what_the_client_may_say_and_no_status) {
  const Migration m = parsed(Json::parse(kFull));
  const Json made = to_json(m);
  BOOST_TEST(made["apiVersion"] == "kubectl-migrate.dev/v1alpha1");
  BOOST_TEST(made["kind"] == "Migration");
  BOOST_TEST(made["metadata"] == Json::parse(R"({"name": "orders-1", "namespace": "shop",
      "finalizers": ["kubectl-migrate.dev/clean-up"], "annotations": {"kubectl-migrate.dev/requested-by": "ann"}})"));
  BOOST_TEST(!made.contains("status"));
}

BOOST_AUTO_TEST_CASE(what_is_not_said_has_the_schemas_defaults) {
  const Migration m = parsed(Json::parse(kLeast));
  BOOST_TEST(to_json(m.spec) == Json::parse(R"({"pod": {"name": "orders", "uid": "p-1"}, "strategy": "Auto",
      "checkpoint": "Auto", "restore": "Auto", "transfer": {"via": "Direct"}, "keepName": false,
      "messages": {"mode": "Auto", "maxReplay": "30s", "cutoff": "Auto", "purgePrimary": false}, "timeout": "10m",
      "ttlAfterFinished": "24h", "abort": false})"));
  BOOST_TEST(to_json(m.status) == Json::parse(R"({"phase": "Pending", "attempt": 1})"));
  BOOST_TEST(!m.has_finalizer);
  BOOST_TEST(!m.deleting);
}

BOOST_DATA_TEST_CASE(an_error_names_the_object_the_field_and_what_it_holds, data::make(kBroken), given) {
  Json object = Json::parse(kFull);
  object[Json::json_pointer{given.pointer}] = given.value;
  const auto read = parse_migration(object);
  BOOST_REQUIRE(!read);
  BOOST_TEST(read.error().message.find(given.says) != std::string::npos, read.error().message);
  BOOST_TEST(read.error().message.find("Migration shop/") == 0U, read.error().message);
}

BOOST_AUTO_TEST_CASE(what_is_no_object_is_an_error) {
  BOOST_TEST(!parse_migration(Json::array()));
  BOOST_TEST(!parse_migration(Json(nullptr)));
}

BOOST_AUTO_TEST_CASE(the_longest_silence_is_the_gap) {
  MigrationStatus status;
  for (const auto& [silent, gap] : {std::pair{300ms, 300ms}, {100ms, 300ms}, {860ms, 860ms}}) {
    note_gap(status, silent);
    BOOST_TEST((status.gap == gap));
  }
}

BOOST_AUTO_TEST_CASE(a_conditions_time_changes_only_with_its_value) {
  const Instant early{Microseconds{1}};
  const Instant late{Microseconds{2}};
  MigrationStatus status;
  BOOST_TEST(find_condition(status, "SourceGone") == nullptr);
  set_condition(status, {"SourceGone", false, "A", "a", early});
  set_condition(status, {"Succeeded", true, "S", "", early});
  set_condition(status, {"SourceGone", false, "B", "b", late});
  BOOST_REQUIRE(find_condition(status, "SourceGone") != nullptr);
  BOOST_TEST((*find_condition(status, "SourceGone") == Condition{"SourceGone", false, "B", "b", early}));
  set_condition(status, {"SourceGone", true, "C", "c", late});
  BOOST_TEST((*find_condition(status, "SourceGone") == Condition{"SourceGone", true, "C", "c", late}));
  BOOST_TEST(status.conditions.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
