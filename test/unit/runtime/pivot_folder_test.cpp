#include "node/runtime/pivot_folder.h"

#include <boost/test/unit_test.hpp>

#include "test/temporary_folder.h"

namespace {

using migrate::runtime::PivotFolder;
using migrate::test::is_there;
using migrate::test::TemporaryFolder;
using migrate::test::write_text;

BOOST_AUTO_TEST_SUITE(pivot_folder)

BOOST_AUTO_TEST_CASE(what_was_lent_is_taken_back) {
  const TemporaryFolder root;
  {
    const auto lent = PivotFolder::lend(root.path());
    BOOST_REQUIRE(lent);
    BOOST_TEST(is_there(root / "tmp"));
  }
  BOOST_TEST(!is_there(root / "tmp"));
}

BOOST_AUTO_TEST_CASE(a_tmp_of_the_container_s_own_stays) {
  const TemporaryFolder root;
  std::filesystem::create_directory(root / "tmp");
  BOOST_TEST(PivotFolder::lend(root.path()).has_value());
  BOOST_TEST(is_there(root / "tmp"));
}

BOOST_AUTO_TEST_CASE(what_is_in_use_by_now_stays) {
  const TemporaryFolder root;
  {
    const auto lent = PivotFolder::lend(root.path());
    write_text(root / "tmp/file", "somebody's");
  }
  BOOST_TEST(is_there(root / "tmp/file"));
  std::filesystem::remove_all(root / "tmp");
  {
    auto lent = PivotFolder::lend(root.path());
    BOOST_REQUIRE(lent);
    lent->leave();
  }
  BOOST_TEST(is_there(root / "tmp"));
}

BOOST_AUTO_TEST_CASE(a_root_that_takes_no_folder_is_named) {
  const auto lent = PivotFolder::lend("/nowhere");
  BOOST_REQUIRE(!lent);
  BOOST_TEST(lent.error().message.find("make /nowhere/tmp") != std::string::npos, lent.error().message);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
