#include "shared/support/criu_texts.h"

#include <boost/test/unit_test.hpp>

namespace migrate::support {

BOOST_AUTO_TEST_SUITE(criu_texts_of_an_agent)

BOOST_AUTO_TEST_CASE(parts_are_put_together_by_migration_container_and_file) {
  const auto texts = criu_texts(
      R"({"message":"checkpoint","migration":"m-1"}
{"migration":"m-1","container":"app","file":"dump.log","part":"1/2","criuLog":"one\n"}
{"migration":"m-2","container":"app","file":"dump.log","part":"1/1","criuLog":"other\n"}
not JSON, with "criuLog" in it
{"migration":"m-1","container":"app","file":"dump.log","part":"2/2","criuLog":"two\n"}
{"migration":"m-1","container":"app","file":"restore.log","part":"1/1","criuLog":"three")"
      "\n");
  BOOST_TEST(texts.size() == 2U);
  BOOST_TEST(texts.at("m-1-app-dump.log") == "one\ntwo\n");
  BOOST_TEST(texts.at("m-2-app-dump.log") == "other\n");
}

BOOST_AUTO_TEST_CASE(told_again_it_is_the_later_one_that_counts) {
  const auto texts = criu_texts(
      R"({"migration":"m","container":"c","file":"restore.log","part":"1/2","criuLog":"a"}
{"migration":"m","container":"c","file":"restore.log","part":"2/2","criuLog":"b"}
{"migration":"m","container":"c","file":"restore.log","part":"1/1","criuLog":"again"})");
  BOOST_TEST(texts.at("m-c-restore.log") == "again");
}

BOOST_AUTO_TEST_CASE(of_nothing_comes_nothing) {
  BOOST_TEST(criu_texts("").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::support
