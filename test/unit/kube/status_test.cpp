#include "shared/kube/status.h"

#include <boost/test/data/test_case.hpp>
#include <ostream>

#include "test/unit/kube/fakes.h"

namespace migrate::kube {
namespace {

namespace data = boost::unit_test::data;
using Kind = ApiError::Kind;

struct Case {
  std::string name;
  Json status;
  Kind kind = Kind::server;
  std::string text;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.name;
}

const std::vector<Case> kCases{
    {"not found", no_such_pod("x"), Kind::not_found, "Error from server (NotFound): pods \"x\" not found"},
    {"already exists", status_of(409, "AlreadyExists", "pods \"x\" already exists"), Kind::already_exists,
     "Error from server (AlreadyExists): pods \"x\" already exists"},
    {"conflict", status_of(409, "Conflict", "changed"), Kind::conflict, "Error from server (Conflict): changed"},
    {"forbidden", status_of(403, "Forbidden", "no"), Kind::forbidden, "Error from server (Forbidden): no"},
    {"unauthorized", status_of(401, "Unauthorized", "Unauthorized"), Kind::unauthorized,
     "You must be logged in to the server (Unauthorized)"},
    {"expired", status_of(410, "Expired", "too old resource version"), Kind::expired,
     "Error from server (Expired): too old resource version"},
    {"gone", status_of(410, "Gone", "too old"), Kind::expired, "Error from server (Gone): too old"},
    {"too large", status_of(413, "RequestEntityTooLarge", "limit is 3145728"), Kind::invalid,
     "Error from server (RequestEntityTooLarge): limit is 3145728"},
    {"server timeout", status_of(500, "ServerTimeout", "later"), Kind::timeout,
     "Error from server (ServerTimeout): later"},
    {"without a reason", status_of(500, "", "boom"), Kind::server, "Error from server: boom"},
    {"terminal escapes", status_of(500, "InternalError", "\x1b[2Jboom\r"), Kind::server,
     "Error from server (InternalError): ?[2Jboom?"},
    {"invalid, one cause",
     status_of(422, "Invalid", "long",
               {{"kind", "Pod"},
                {"name", "x"},
                {"causes", {{{"reason", "FieldValueInvalid"}, {"message", "bad"}, {"field", "spec.a"}}}}}),
     Kind::invalid, "The Pod \"x\" is invalid: spec.a: bad"},
    {"invalid, two causes",
     status_of(422, "Invalid", "long",
               {{"kind", "Pod"},
                {"name", "x"},
                {"causes", {{{"message", "bad"}, {"field", "spec.a"}}, {{"message", "worse"}, {"field", "spec.b"}}}}}),
     Kind::invalid, "The Pod \"x\" is invalid: \n* spec.a: bad\n* spec.b: worse"},
};

http::HttpResponse response(unsigned status, std::string body, std::vector<http::Header> headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(status)

BOOST_DATA_TEST_CASE(a_status_becomes_an_error_in_kubectls_words, data::make(kCases), c) {
  const ApiError error =
      error_of(response(c.status.at("code").template get<unsigned>(), c.status.dump()), "get pods \"x\"");
  BOOST_TEST(static_cast<int>(error.kind) == static_cast<int>(c.kind));
  BOOST_TEST(error.text() == c.text);
}

BOOST_AUTO_TEST_CASE(a_proxys_page_is_quoted_in_a_few_words) {
  const std::string page = "<html>\r\n<head><title>502 Bad Gateway</title></head>" + std::string(5000, 'x');
  const ApiError error = error_of(response(502, page, {{"Content-Type", "text/html"}}), "list pods");
  BOOST_TEST(static_cast<int>(error.kind) == static_cast<int>(Kind::server));
  BOOST_TEST(
      error.text().find("list pods: HTTP 502 with text/html: <html> <head><title>502 Bad Gateway") != std::string::npos,
      error.text());
  BOOST_TEST(error.text().size() < 300U);
}

BOOST_AUTO_TEST_CASE(the_time_to_wait_comes_from_the_header_or_the_details) {
  const Json busy = status_of(429, "TooManyRequests", "busy", {{"retryAfterSeconds", 3}});
  BOOST_TEST((error_of(response(429, busy.dump()), "").retry_after == std::chrono::seconds{3}));
  BOOST_TEST((error_of(response(429, busy.dump(), {{"retry-after", "7"}}), "").retry_after == std::chrono::seconds{7}));
  BOOST_TEST(!error_of(response(503, "", {{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}), "").retry_after);
}

BOOST_AUTO_TEST_CASE(odd_types_in_a_status_do_no_harm) {
  const Json odd = {{"kind", "Status"},
                    {"message", 5},
                    {"reason", nullptr},
                    {"code", "x"},
                    {"details", {{"causes", {1, "a"}}, {"name", 1}}}};
  const ApiError error = error_of(response(404, odd.dump()), "");
  BOOST_TEST(static_cast<int>(error.kind) == static_cast<int>(Kind::not_found));
  BOOST_TEST(error.details_name.empty());
}

BOOST_AUTO_TEST_CASE(json_that_is_cut_is_told_from_what_never_was_json) {
  check_error(parse_json(R"({"kind": "Pod", "met)", "get pods \"x\""), Kind::malformed,
              "get pods \"x\": the server's answer is truncated or damaged JSON");
  check_error(parse_json("<html>", "get"), Kind::malformed, "not a JSON object: <html>");
  check_error(parse_json("", "get"), Kind::malformed, "(empty)");
  check_error(parse_json("[]", "get"), Kind::malformed);
}

BOOST_AUTO_TEST_CASE(a_write_that_may_have_been_carried_out_is_told_so) {
  ApiError error = local_error("create pods \"x\": lost", Kind::connection);
  error.may_have_run = true;
  BOOST_TEST(error.text().find("lost (whether it was carried out is not known") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::kube
