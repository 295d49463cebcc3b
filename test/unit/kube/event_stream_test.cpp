#include "shared/kube/event_stream.h"

#include "test/unit/kube/fakes.h"

namespace migrate::kube {
namespace {

struct Seen {
  std::vector<std::string> events;
  EventSink sink = [this](std::string_view type, const Json& what) {
    events.push_back(std::string(type) + " " + what.at("metadata").at("name").get<std::string>());
    return true;
  };
};

std::string line(const std::string& type, const std::string& name, const std::string& end = "\n") {
  return event(type, object(name, "u", "1")).dump() + end;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_stream)

BOOST_AUTO_TEST_CASE(events_are_found_however_the_bytes_are_cut) {
  const std::string bytes = line("ADDED", "a") + line("MODIFIED", "b", "\r\n") + "\r\n" + line("DELETED", "c");
  const std::vector<std::string> expected{"ADDED a", "MODIFIED b", "DELETED c"};
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    Seen seen;
    EventStream stream{seen.sink};
    for (std::size_t at = 0; at < bytes.size(); at += size)
      BOOST_REQUIRE(stream.feed(std::string_view(bytes).substr(at, size)));
    BOOST_TEST(seen.events == expected, boost::test_tools::per_element());
    BOOST_TEST(stream.is_between_events());
  }
}

BOOST_AUTO_TEST_CASE(a_huge_event_is_one_event) {
  Seen seen;
  EventStream stream{seen.sink};
  Json huge = object("huge", "u", "1");
  huge["data"] = std::string(5U << 20, 'x');
  const std::string bytes = event("ADDED", huge).dump() + "\n";
  for (std::size_t at = 0; at < bytes.size(); at += 16384)
    BOOST_REQUIRE(stream.feed(std::string_view(bytes).substr(at, 16384)));
  BOOST_TEST(seen.events.size() == 1U);
}

BOOST_AUTO_TEST_CASE(half_an_event_is_noticed_at_the_end) {
  Seen seen;
  EventStream stream{seen.sink};
  BOOST_TEST(stream.feed(line("ADDED", "a") + R"({"type":"ADD)"));
  BOOST_TEST(seen.events.size() == 1U);
  BOOST_TEST(!stream.is_between_events());
}

BOOST_AUTO_TEST_CASE(an_error_event_ends_the_stream_with_its_status) {
  Seen seen;
  EventStream stream{seen.sink};
  BOOST_TEST(!stream.feed(event("ERROR", status_of(410, "Expired", "too old")).dump() + "\n" + line("ADDED", "after")));
  BOOST_TEST((stream.error()->kind == ApiError::Kind::expired));
  BOOST_TEST(!stream.feed(line("ADDED", "later")));
  BOOST_TEST(seen.events.empty());
}

BOOST_AUTO_TEST_CASE(a_bare_status_is_an_error_too) {
  Seen seen;
  EventStream stream{seen.sink};
  BOOST_TEST(!stream.feed(status_of(410, "Gone", "too old").dump() + "\n"));
  BOOST_TEST((stream.error()->kind == ApiError::Kind::expired));
}

BOOST_AUTO_TEST_CASE(what_is_no_event_ends_the_stream) {
  for (const std::string bytes :
       {"<html>\n", "{}\n", "{\"type\":1,\"object\":{}}\n", "{\"type\":\"ADDED\",\"object\":[]}\n"}) {
    Seen seen;
    EventStream stream{seen.sink};
    BOOST_TEST(!stream.feed(bytes));
    BOOST_TEST((stream.error()->kind == ApiError::Kind::malformed));
  }
}

BOOST_AUTO_TEST_CASE(a_sink_that_has_enough_gets_no_more) {
  int count = 0;
  const EventSink once = [&](std::string_view, const Json&) { return ++count < 1; };
  EventStream stream{once};
  BOOST_TEST(!stream.feed(line("ADDED", "a") + line("ADDED", "b")));
  BOOST_TEST(count == 1);
  BOOST_TEST(!stream.error());
  BOOST_TEST(stream.is_finished());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::kube
