#include "extender/server/askers.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <vector>

#include "shared/certificates/certificates.h"
#include "test/fakes/host.h"

namespace {

using namespace migrate::extender;
using Peer = std::optional<std::string>;

const Askers kAnybody{};
const Askers kCertified{true};
const Askers kNamed{true, {"migrate-scheduler", "system:kube-scheduler"}};

struct Row {
  Askers askers;
  Peer peer;
  std::string says;  // empty: it is answered
};
std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.peer.value_or("(none)") << ", " << row.askers.show_certificates << ", " << row.askers.names.size();
}

const std::vector<Row> kRows{
    {kAnybody, std::nullopt, ""},
    {kAnybody, "x", ""},
    {kCertified, std::nullopt, "it needs certFile and keyFile in its extender's tlsConfig"},
    {kCertified, "x", ""},
    {kCertified, "", ""},
    {kNamed, std::nullopt, "with a client certificate only (--client-ca)"},
    {kNamed, "system:kube-scheduler", ""},
    {kNamed, "agent/node-b", "does not answer 'agent/node-b': its --client-names are migrate-scheduler, system:kube-"},
    {kNamed, "", "does not answer ''"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(askers)

BOOST_DATA_TEST_CASE(who_is_answered, boost::unit_test::data::make(kRows), row) {
  const std::string objection = objection_to(row.peer, row.askers);
  BOOST_TEST(objection.empty() == row.says.empty(), objection);
  BOOST_TEST(objection.find(row.says) != std::string::npos, objection);
}

BOOST_AUTO_TEST_CASE(authorities_are_read_anew_and_none_are_never_taken_for_anybody) {
  using migrate::certificates::make_authority;
  const migrate::Instant now = migrate::fakes::Clock{}.now();
  const std::string first = value_or_fatal(make_authority(now)).certificate_pem;
  const std::string second = value_or_fatal(make_authority(now)).certificate_pem;
  migrate::fakes::Files files{{"/clients/ca.crt", first}, {"/empty", " \n"}, {"/broken", "no PEM"}};
  files.unreadable = {"/locked"};
  BOOST_TEST(read_client_authorities(files, "").value_or("error") == "");
  BOOST_TEST(read_client_authorities(files, "/clients/ca.crt").value_or("error") == first);
  files.contents["/clients/ca.crt"] = second + first;
  BOOST_TEST(read_client_authorities(files, "/clients/ca.crt").value_or("error") == second + first);
  for (const char* path : {"/empty", "/broken", "/absent", "/locked"}) {
    const auto read = read_client_authorities(files, path);
    BOOST_REQUIRE(!read);
    BOOST_TEST(read.error().message.find(path) != std::string::npos, read.error().message);
  }
}

BOOST_AUTO_TEST_SUITE_END()
