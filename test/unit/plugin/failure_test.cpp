// Errors in kubectl's words.
#include "plugin/failure.h"

#include <boost/test/data/test_case.hpp>
#include <ostream>

#include "test/unit/plugin/scene.h"

namespace migrate::plugin {
namespace {

namespace data = boost::unit_test::data;
using Kind = kube::ApiError::Kind;

struct Row {
  std::string message;
  bool stands_alone;
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.message;
}

const std::vector<Row> kMessages = {
    {"Error from server (NotFound): pods \"x\" not found", true},
    {"Error from server: it is late", true},
    {"The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?", true},
    {"Unable to connect to the server h:1: no such host", true},
    {"The migrations \"x\" is invalid: spec.pod: Required value", true},
    {"The request is invalid: no", true},
    {"You must be logged in to the server (Unauthorized)", false},
    {"The migration was refused", false},
    {"unknown flag: --x", false},
    {"", false},
};

kube::ApiError answer(Kind kind, unsigned code, const std::string& reason, const std::string& message) {
  kube::ApiError error;
  error.kind = kind;
  error.http_code = code;
  error.reason = reason;
  error.message = message;
  return error;
}

const kube::ResourcePath kPath = migrations("shop", "x");

}  // namespace

BOOST_AUTO_TEST_SUITE(failures)

BOOST_DATA_TEST_CASE(kubectls_own_sentences_stand_alone, data::make(kMessages), row) {
  BOOST_TEST(told(row.message) == (row.stands_alone ? "" : "error: ") + row.message);
}

BOOST_AUTO_TEST_CASE(whether_a_server_may_do_it_later_is_known) {
  for (const Kind kind : {Kind::connection, Kind::deadline, Kind::timeout, Kind::server, Kind::too_many_requests})
    BOOST_TEST(explain(answer(kind, 0, "", "no"), "create", kPath).may_pass);
  for (const Kind kind : {Kind::forbidden, Kind::invalid, Kind::unauthorized, Kind::conflict, Kind::local})
    BOOST_TEST(!explain(answer(kind, 0, "", "no"), "create", kPath).may_pass);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_said_as_kubectl_says_it) {
  const auto failure = not_found(kPath, "\nlook elsewhere").value();
  BOOST_TEST(failure.message ==
             "Error from server (NotFound): migrations.kubectl-migrate.dev \"x\" not found\nlook elsewhere");
  BOOST_TEST(failure.code == 1);
  BOOST_TEST(not_found(kube::pod("shop", "x"), "").value().message ==
             "Error from server (NotFound): pods \"x\" not found");
}

BOOST_AUTO_TEST_CASE(a_missing_right_is_named_below) {
  const std::string said =
      "migrations.kubectl-migrate.dev is forbidden: User \"dev\" cannot list resource \"migrations\" in API group "
      "\"kubectl-migrate.dev\" in the namespace \"shop\"";
  const auto failure = explain(answer(Kind::forbidden, 403, "Forbidden", said), "list", kPath.collection());
  BOOST_TEST(failure.message == "Error from server (Forbidden): " + said +
                                    "\nThe right to list migrations.kubectl-migrate.dev in namespace shop is missing; "
                                    "ask an administrator for it (kubectl auth can-i list "
                                    "migrations.kubectl-migrate.dev -n shop tells whether you have it)");
}

BOOST_AUTO_TEST_CASE(of_what_an_answer_speaks_is_added_where_it_does_not_say) {
  const auto busy = explain(answer(Kind::server, 503, "ServiceUnavailable", "the server is on fire"), "get", kPath);
  BOOST_TEST(busy.message ==
             "Error from server (ServiceUnavailable): the server is on fire\nThat was the answer to: get "
             "migrations.kubectl-migrate.dev \"x\" in namespace shop");
  const auto refused =
      explain(answer(Kind::connection, 0, "", "The connection to the server h:1 was refused"), "get", kPath);
  BOOST_TEST(refused.message == "The connection to the server h:1 was refused");
  const auto nobody = explain(answer(Kind::unauthorized, 401, "Unauthorized", "Unauthorized"), "get", kPath);
  BOOST_TEST(told(nobody.message) == "error: You must be logged in to the server (Unauthorized)");
}

BOOST_AUTO_TEST_CASE(a_type_that_the_server_does_not_know_is_not_installed) {
  const auto failure = explain(
      answer(Kind::not_found, 404, "NotFound", "the server could not find the requested resource"), "get", kPath);
  BOOST_TEST(told(failure.message).starts_with("error: the server doesn't have a resource type \"migrations\"\n"));
  check_says(failure.message, "kubectl apply -k manifests/");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::plugin
