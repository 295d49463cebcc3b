#include "shared/kube/known_objects.h"

#include "test/unit/kube/fakes.h"

namespace migrate::kube {
namespace {

std::vector<std::string> told(const std::vector<Change>& changes) {
  std::vector<std::string> lines;
  for (const Change& change : changes) {
    const char* kind = change.kind == ChangeKind::added      ? "added"
                       : change.kind == ChangeKind::modified ? "modified"
                                                             : "deleted";
    lines.push_back(std::string(kind) + " " + metadata_of(*change.object, "name") + "@" +
                    metadata_of(*change.object, "resourceVersion"));
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(known_objects)

BOOST_AUTO_TEST_CASE(a_new_list_is_told_as_the_difference) {
  KnownObjects known;
  BOOST_TEST(told(known.replace({object("a", "1", "1"), object("b", "2", "2"), object("c", "3", "3")})) ==
                 (Lines{"added a@1", "added b@2", "added c@3"}),
             boost::test_tools::per_element());
  // a is unchanged, b changed, c is gone, d is new
  BOOST_TEST(told(known.replace({object("a", "1", "1"), object("b", "2", "8"), object("d", "4", "9")})) ==
                 (Lines{"deleted c@3", "modified b@8", "added d@9"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_object_made_anew_during_the_gap_is_deleted_and_added) {
  KnownObjects known;
  (void)known.replace({object("web-0", "old", "1")});
  BOOST_TEST(told(known.replace({object("web-0", "new", "5")})) == (Lines{"deleted web-0@1", "added web-0@5"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(events_change_what_is_known) {
  KnownObjects known;
  BOOST_TEST(told(known.take("ADDED", object("a", "1", "1"))) == Lines{"added a@1"}, boost::test_tools::per_element());
  BOOST_TEST(told(known.take("MODIFIED", object("a", "1", "2"))) == Lines{"modified a@2"},
             boost::test_tools::per_element());
  BOOST_TEST(told(known.take("ADDED", object("a", "1", "2"))).empty());  // told already
  BOOST_TEST(known.find("ns", "a") != nullptr);
  BOOST_TEST(told(known.take("DELETED", object("a", "1", "3"))) == Lines{"deleted a@3"},
             boost::test_tools::per_element());
  BOOST_TEST(told(known.take("DELETED", object("a", "1", "3"))).empty());
  BOOST_TEST(known.find("ns", "a") == nullptr);
  BOOST_TEST(known.all().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace migrate::kube
