// Watches over a socket: what the scripted client of watch_test.cpp cannot show.
#include <thread>

#include "shared/kube/watch.h"
#include "test/unit/kube/fakes.h"

namespace migrate::kube {
namespace {

using test::Connection;
using test::FakeServer;
using test::Request;
using test::Signal;

std::string line(const std::string& type, const Json& what) {
  return event(type, what).dump() + "\n";
}

class Collector final : public WatchSink {
 public:
  explicit Collector(std::string last) : last_(std::move(last)) {}
  bool changed(ChangeKind kind, const Json& what) override {
    const char* word = kind == ChangeKind::added ? "added " : kind == ChangeKind::modified ? "modified " : "deleted ";
    lines.push_back(word + metadata_of(what, "name"));
    return lines.back() != last_;
  }
  void troubled(const ApiError& error) override { troubles.push_back(error.text()); }
  std::vector<std::string> lines;
  std::vector<std::string> troubles;

 private:
  std::string last_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(watch_over_http)

BOOST_AUTO_TEST_CASE(a_watch_survives_a_cut_event_both_forms_of_gone_and_a_bookmark) {
  std::vector<std::string> watched;
  int lists = 0;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    if (request.target.find("watch=true") == std::string::npos) {
      ++lists;
      std::vector<Json> items;
      if (lists == 1) items = {object("a", "1", "1"), object("b", "2", "2")};
      if (lists > 1) items = {object("b", "2", "2")};
      connection.answer(200, list_of(items, std::to_string(lists * 100)).dump());
      return;
    }
    const auto version = request.target.find("resourceVersion=");
    watched.push_back(request.target.substr(version, request.target.find('&', version) - version));
    BOOST_TEST(request.target.find("allowWatchBookmarks=true") != std::string::npos);
    BOOST_TEST(request.target.find("timeoutSeconds=300") != std::string::npos);
    switch (watched.size()) {
      case 1: {  // an event in two chunks, a bookmark, then half an event and nothing more
        const std::string added = line("ADDED", object("c", "3", "101"));
        connection.begin_chunks();
        connection.chunk(added.substr(0, 20));
        connection.chunk(added.substr(20) + line("BOOKMARK", object("", "", "150")));
        connection.chunk(R"({"type":"DELETED","obj)");
        connection.shut();
        break;
      }
      case 2:
        connection.answer(410, status_of(410, "Gone", "too old").dump());
        break;
      case 3:
        connection.begin_chunks();
        connection.chunk(line("MODIFIED", object("b", "2", "201")) +
                         line("ERROR", status_of(410, "Expired", "too old")));
        connection.end_chunks();
        break;
      default:
        connection.begin_chunks();
        connection.chunk(line("ADDED", object("end", "9", "301")));
        connection.wait_until_closed();
    }
  })};
  Api api;
  const auto client = api.client(server);
  Watch watch{*client, api.pacer, {core("pods", "ns"), "", ""}};
  Collector collector{"added end"};
  const auto done = watch.run(collector, {});
  BOOST_TEST(done.has_value());
  const std::vector<std::string> expected{"added a",   "added b",    "added c",    "deleted a",
                                          "deleted c", "modified b", "modified b", "added end"};
  BOOST_TEST(collector.lines == expected, boost::test_tools::per_element());
  BOOST_TEST(watched == (std::vector<std::string>{"resourceVersion=100", "resourceVersion=150", "resourceVersion=200",
                                                  "resourceVersion=300"}),
             boost::test_tools::per_element());
  BOOST_TEST(collector.troubles.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stop_request_ends_an_idle_watch) {
  Signal idle;
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    if (request.target.find("watch=true") == std::string::npos) {
      connection.answer(200, list_of({}, "5").dump());
      return;
    }
    connection.begin_chunks();
    connection.chunk(line("BOOKMARK", object("", "", "6")));
    idle.set();
    connection.wait_until_closed();
  })};
  Api api;
  const auto client = api.client(server);
  Watch watch{*client, api.pacer, {core("pods", "ns"), "", ""}};
  Collector collector{""};
  std::stop_source stop;
  std::thread stopper{[&] {
    idle.wait();
    stop.request_stop();
  }};
  const auto done = watch.run(collector, stop.get_token());
  stopper.join();
  BOOST_TEST(done.has_value());
  BOOST_TEST(collector.troubles.empty());
}

BOOST_AUTO_TEST_CASE(waiting_ends_when_the_object_is_deleted) {
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    if (request.target == "/api/v1/namespaces/ns/pods/web-0") {
      connection.answer(200, object("web-0", "1", "3").dump());
    } else if (request.target.find("watch=true") == std::string::npos) {
      BOOST_TEST(request.target.find("fieldSelector=metadata.name%3Dweb-0") != std::string::npos);
      connection.answer(200, list_of({object("web-0", "1", "3")}, "5").dump());
    } else {
      connection.begin_chunks();
      connection.chunk(line("DELETED", object("web-0", "1", "6")));
      connection.wait_until_closed();
    }
  })};
  Api api;
  const auto client = api.client(server);
  const auto gone = wait_for(*client, system_pacer(), pod("ns", "web-0"), [](const Json* it) { return it == nullptr; },
                             std::chrono::minutes{1}, {});
  BOOST_TEST(!value_of(gone).has_value());
}

BOOST_AUTO_TEST_CASE(waiting_ends_at_its_deadline_over_a_silent_watch) {
  FakeServer server{FakeServer::each([&](Connection& connection, const Request& request) {
    if (request.target == "/api/v1/namespaces/ns/pods/web-0")
      connection.answer(404, no_such_pod("web-0").dump());
    else if (request.target.find("watch=true") == std::string::npos)
      connection.answer(200, list_of({}, "5").dump());
    else {
      connection.begin_chunks();
      connection.wait_until_closed();
    }
  })};
  Api api;
  ClientOptions options;
  api.config.server = server.url();
  const auto client = value_or_fatal(make_client(api.config, api.credentials, options));
  const auto found = wait_for(*client, system_pacer(), pod("ns", "web-0"), [](const Json* it) { return it != nullptr; },
                              std::chrono::milliseconds{200}, {});
  check_error(found, ApiError::Kind::deadline, "timed out");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::kube
