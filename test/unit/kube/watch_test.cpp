#include "shared/kube/watch.h"

#include "test/unit/kube/fakes.h"

namespace migrate::kube {
namespace {

using Kind = ApiError::Kind;
using Lines = std::vector<std::string>;

// Answers lists and watches from a script, and keeps what it was asked.
class ScriptedClient final : public Client {
 public:
  struct Stream {
    std::vector<Json> events;
    std::optional<ApiError> error;  // unset: the server ended it
    std::chrono::milliseconds lasts{60'000};
  };
  explicit ScriptedClient(FakePacer& pacer) : pacer_(pacer) {}

  std::deque<ApiResult<Json>> lists;
  std::deque<Stream> streams;
  std::deque<Lookup<Json, ApiError>> objects;
  Lines asked;
  std::stop_source* stop_when_exhausted = nullptr;

  ApiResult<Json> list(const ResourcePath&, const ListOptions& options, const CallOptions&) override {
    asked.push_back("list " + options.field_selector);
    if (lists.empty()) return exhausted();
    auto next = std::move(lists.front());
    lists.pop_front();
    return next;
  }
  ApiResult<void> events(const ResourcePath&, const EventQuery& query, const EventSink& sink,
                         const CallOptions& call) override {
    asked.push_back("watch " + query.resource_version);
    durations.push_back(query.duration);
    if (streams.empty()) {
      if (stop_when_exhausted == nullptr) {
        pacer_.tick(call.timeout);
        return tl::make_unexpected(local_error("watch pods: The server did not finish", Kind::deadline));
      }
      return exhausted().map([](const Json&) {});
    }
    Stream next = std::move(streams.front());
    streams.pop_front();
    pacer_.tick(next.lasts);
    for (const Json& one : next.events)
      if (!sink(one.at("type").get<std::string>(), one.at("object"))) return {};
    if (next.error) return tl::make_unexpected(*next.error);
    return {};
  }
  Lookup<Json, ApiError> get(const ResourcePath&, const CallOptions&) override {
    asked.emplace_back("get");
    auto next = std::move(objects.front());
    objects.pop_front();
    return next;
  }
  std::vector<std::chrono::seconds> durations;

  ApiResult<Json> create(const ResourcePath&, const Json&, const WriteOptions&, const CallOptions&) override {
    return unused();
  }
  ApiResult<Json> apply(const ResourcePath&, const Json&, const WriteOptions&, const CallOptions&) override {
    return unused();
  }
  ApiResult<Json> json_patch(const ResourcePath&, const Json&, const WriteOptions&, const CallOptions&) override {
    return unused();
  }
  ApiResult<Json> merge_patch(const ResourcePath&, const Json&, const WriteOptions&, const CallOptions&) override {
    return unused();
  }
  Lookup<Json, ApiError> remove(const ResourcePath&, const DeleteOptions&, const CallOptions&) override {
    return tl::make_unexpected(unused().error());
  }
  ApiResult<void> logs(const ResourcePath&, const LogOptions&, const http::BodySink&, const CallOptions&) override {
    return tl::make_unexpected(unused().error());
  }
  ApiResult<std::string> raw_get(const std::string&, const CallOptions&) override {
    return tl::make_unexpected(unused().error());
  }
  ApiResult<std::string> raw_post(const std::string&, const CallOptions&) override {
    return tl::make_unexpected(unused().error());
  }

 private:
  ApiResult<Json> exhausted() {
    if (stop_when_exhausted != nullptr) stop_when_exhausted->request_stop();
    return tl::make_unexpected(local_error("the script is over", Kind::cancelled));
  }
  static ApiResult<Json> unused() { return tl::make_unexpected(local_error("not scripted")); }
  FakePacer& pacer_;
};

class Recorder final : public WatchSink {
 public:
  bool changed(ChangeKind kind, const Json& what) override {
    const char* word = kind == ChangeKind::added ? "added " : kind == ChangeKind::modified ? "modified " : "deleted ";
    lines.push_back(word + metadata_of(what, "name"));
    return true;
  }
  bool synced() override {
    lines.emplace_back("synced");
    return true;
  }
  void troubled(const ApiError& error) override { lines.push_back("troubled " + error.message); }
  Lines lines;
};

struct Scene {
  FakePacer pacer;
  ScriptedClient client{pacer};
  std::stop_source stop;
  Recorder recorder;
  Watch watch{client, pacer, {core("pods", "ns"), "", ""}};

  ApiResult<void> run() {
    client.stop_when_exhausted = &stop;
    return watch.run(recorder, stop.get_token());
  }
  void check(const Lines& told, const Lines& asked) {
    BOOST_TEST(recorder.lines == told, boost::test_tools::per_element());
    BOOST_TEST(client.asked == asked, boost::test_tools::per_element());
  }
};

ApiError expired() {
  return error_of_status(status_of(410, "Expired", "too old resource version"), 410);
}
ApiError lost() {
  return local_error("lost", Kind::connection);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(watch)

BOOST_AUTO_TEST_CASE(a_watch_lists_then_follows_from_there_and_goes_on_where_a_stream_ends) {
  Scene scene;
  scene.client.lists = {list_of({object("a", "1", "3")}, "5")};
  scene.client.streams = {{{event("ADDED", object("b", "2", "6")), event("BOOKMARK", object("", "", "9"))}, {}},
                          {{event("DELETED", object("a", "1", "10"))}, {}}};
  BOOST_TEST(scene.run().has_value());
  scene.check({"added a", "synced", "added b", "deleted a"}, {"list ", "watch 5", "watch 9", "watch 10"});
  BOOST_TEST(scene.pacer.slept.empty());  // the end of a stream is no failure
}

BOOST_AUTO_TEST_CASE(forgotten_history_is_made_up_for_by_a_list_and_no_deletion_is_missed) {
  Scene scene;
  scene.client.lists = {list_of({object("a", "1", "1"), object("b", "2", "2"), object("c", "3", "3")}, "5"),
                        list_of({object("a", "1", "1"), object("c", "9", "20")}, "30")};
  scene.client.streams = {{{}, expired()}, {{event("MODIFIED", object("a", "1", "31"))}, {}}};
  BOOST_TEST(scene.run().has_value());
  scene.check({"added a", "added b", "added c", "synced", "deleted b", "deleted c", "added c", "synced", "modified a"},
              {"list ", "watch 5", "list ", "watch 30", "watch 31"});
}

BOOST_AUTO_TEST_CASE(a_lost_stream_is_taken_up_after_a_pause_where_it_broke) {
  Scene scene;
  scene.client.lists = {list_of({}, "5")};
  scene.client.streams = {
      {{event("ADDED", object("a", "1", "6"))}, lost()}, {{}, lost()}, {{event("ADDED", object("b", "2", "7"))}, {}}};
  BOOST_TEST(scene.run().has_value());
  scene.check({"synced", "added a", "troubled lost", "troubled lost", "added b"},
              {"list ", "watch 5", "watch 6", "watch 6", "watch 7"});
  BOOST_TEST(scene.pacer.slept.size() == 2U);
  BOOST_TEST((scene.pacer.slept[1] > scene.pacer.slept[0]));
}

BOOST_AUTO_TEST_CASE(after_three_failures_in_a_row_it_lists_anew) {
  Scene scene;
  scene.client.lists = {list_of({}, "5"), list_of({}, "8")};
  scene.client.streams = {{{}, lost()}, {{}, lost()}, {{}, lost()}};
  BOOST_TEST(scene.run().has_value());
  BOOST_TEST(scene.client.asked == (Lines{"list ", "watch 5", "watch 5", "watch 5", "list ", "watch 8"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_server_that_ends_streams_at_once_is_not_asked_in_a_circle) {
  Scene scene;
  scene.client.lists = {list_of({}, "5")};
  const std::chrono::milliseconds at_once{0};
  scene.client.streams = {{{}, {}, at_once}, {{}, {}, at_once}};
  BOOST_TEST(scene.run().has_value());
  BOOST_TEST(scene.pacer.slept.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_server_that_always_says_too_old_is_not_asked_in_a_circle) {
  Scene scene;
  scene.client.lists = {list_of({}, "5"), list_of({}, "5"), list_of({}, "5")};
  scene.client.streams = {{{}, expired()}, {{}, expired()}, {{}, expired()}};
  BOOST_TEST(scene.run().has_value());
  BOOST_TEST(scene.pacer.slept.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_trying_again_does_not_cure_is_an_error) {
  Scene scene;
  scene.client.lists = {tl::make_unexpected(error_of_status(status_of(403, "Forbidden", "no"), 403))};
  check_error(scene.run(), Kind::forbidden);
}

BOOST_AUTO_TEST_CASE(a_server_that_asks_for_time_gets_it) {
  Scene scene;
  ApiError busy = error_of_status(status_of(429, "TooManyRequests", "busy", {{"retryAfterSeconds", 20}}), 429);
  scene.client.lists = {tl::make_unexpected(busy), list_of({}, "5")};
  BOOST_TEST(scene.run().has_value());
  BOOST_REQUIRE(!scene.pacer.slept.empty());
  BOOST_TEST((scene.pacer.slept[0] == std::chrono::seconds{20}));
}

BOOST_AUTO_TEST_CASE(a_list_that_does_not_say_of_when_it_is_cannot_be_followed) {
  Scene scene;
  scene.client.lists = {list_of({object("a", "1", "3")}, "")};
  BOOST_TEST(scene.run().has_value());
  scene.check({"troubled list pods: the list has no resourceVersion"}, {"list ", "list "});
  BOOST_TEST(scene.pacer.slept.size() == 1U);
}

BOOST_AUTO_TEST_CASE(streams_are_asked_for_five_to_ten_minutes) {
  Scene scene;
  scene.client.lists = {list_of({}, "5")};
  BOOST_TEST(scene.run().has_value());
  BOOST_TEST(scene.client.durations.at(0).count() == 300);  // random() is 0
}

BOOST_AUTO_TEST_CASE(waiting_is_over_at_once_when_the_object_is_as_wanted) {
  Scene scene;
  scene.client.objects = {std::optional{object("a", "1", "3")}};
  const auto found = wait_for(scene.client, scene.pacer, pod("ns", "a"), [](const Json* it) { return it != nullptr; },
                              std::chrono::seconds{9}, {});
  BOOST_TEST(value_of(found).has_value());
  BOOST_TEST(scene.client.asked == Lines{"get"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(waiting_follows_the_object_until_it_is_as_wanted) {
  Scene scene;
  scene.client.objects = {std::optional<Json>{}};
  scene.client.lists = {list_of({object("a", "1", "3")}, "5")};
  scene.client.streams = {{{event("MODIFIED", object("a", "1", "6")), event("MODIFIED", object("a", "1", "7"))}, {}}};
  const auto found =
      wait_for(scene.client, scene.pacer, pod("ns", "a"),
               [](const Json* it) { return it != nullptr && metadata_of(*it, "resourceVersion") == "6"; },
               std::chrono::minutes{5}, {});
  BOOST_TEST(metadata_of(*value_of(found), "resourceVersion") == "6");
  BOOST_TEST(scene.client.asked == (Lines{"get", "list metadata.name=a", "watch 5"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(waiting_for_absence_sees_a_deletion_that_happened_between_the_looks) {
  Scene scene;
  scene.client.objects = {std::optional{object("a", "1", "3")}};
  scene.client.lists = {list_of({}, "5")};
  const auto gone = wait_for(scene.client, scene.pacer, pod("ns", "a"), [](const Json* it) { return it == nullptr; },
                             std::chrono::minutes{5}, {});
  BOOST_TEST(!value_of(gone).has_value());
}

BOOST_AUTO_TEST_CASE(waiting_ends_with_its_time_and_says_for_what) {
  Scene scene;
  scene.client.objects = {std::optional<Json>{}};
  scene.client.lists = {list_of({}, "5")};
  scene.client.streams = {{{}, lost(), std::chrono::milliseconds{10}}};
  const auto found = wait_for(scene.client, scene.pacer, pod("ns", "a"), [](const Json* it) { return it != nullptr; },
                              std::chrono::seconds{30}, {});
  check_error(found, Kind::deadline, "timed out after 30 s waiting for pods \"a\"; last trouble: lost");
}

BOOST_AUTO_TEST_CASE(a_set_is_judged_when_all_of_it_is_known) {
  Scene scene;
  scene.client.lists = {list_of({object("a", "1", "3"), object("b", "2", "4")}, "5")};
  std::vector<std::size_t> sizes;
  const auto found = wait_for_set(scene.client, scene.pacer, {core("pods", "ns"), "app=web", ""},
                                  [&](const KnownObjects& objects) {
                                    sizes.push_back(objects.all().size());
                                    return objects.all().size() == 2;
                                  },
                                  std::chrono::minutes{5}, {});
  BOOST_TEST(value_of(found).all().size() == 2U);
  BOOST_TEST(sizes == std::vector<std::size_t>{2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::kube
