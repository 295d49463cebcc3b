#include "node/runtime/host_name.h"

#include <boost/test/unit_test.hpp>

#include "test/temporary_folder.h"

namespace {

using namespace migrate::runtime;
using namespace std::string_literals;
namespace fs = std::filesystem;

// As CRIU 4.2.1 wrote it for a container in the Pod "orders".
const std::string kOrders = "\x19\x43\x56\x54\x03\x32\x47\x54\x10\0\0\0\x0a\x06orders\x12\x06(none)"s;

BOOST_AUTO_TEST_SUITE(host_name)

BOOST_AUTO_TEST_CASE(the_name_changes_and_nothing_else) {
  const auto changed = with_nodename(kOrders, "orders-mig-ab12c");
  BOOST_REQUIRE(changed);
  BOOST_TEST(*changed == "\x19\x43\x56\x54\x03\x32\x47\x54\x1a\0\0\0\x0a\x10orders-mig-ab12c\x12\x06(none)"s);
  BOOST_TEST(with_nodename(*changed, "orders").value() == kOrders);
}

BOOST_AUTO_TEST_CASE(what_is_no_such_image_or_name_is_refused) {
  for (const std::string& image : {""s, kOrders.substr(0, 12), kOrders + "x", "x" + kOrders.substr(1)})
    BOOST_TEST(!with_nodename(image, "orders"), image);
  std::string longer = kOrders;
  longer[13] = '\x50';
  BOOST_TEST(!with_nodename(longer, "orders"));
  BOOST_TEST(!with_nodename(kOrders, ""));
  BOOST_TEST(!with_nodename(kOrders, std::string(65, 'a')));
}

BOOST_AUTO_TEST_CASE(every_image_of_the_folder_is_given_it) {
  const migrate::test::TemporaryFolder folder;
  migrate::test::write_text(folder / "utsns-12.img", kOrders);
  migrate::test::write_text(folder / "pages-1.img", "memory");
  BOOST_REQUIRE(set_nodename(folder / "", "shadow"));
  BOOST_TEST(migrate::test::read_text(folder / "utsns-12.img") == with_nodename(kOrders, "shadow").value());
  BOOST_TEST(migrate::test::read_text(folder / "pages-1.img") == "memory");
  migrate::test::write_text(folder / "utsns-12.img", "other");
  const auto refused = set_nodename(folder / "", "shadow");
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().message.find("utsns-12.img") != std::string::npos, refused.error().message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
