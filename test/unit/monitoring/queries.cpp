#include "test/unit/monitoring/queries.h"

#include <boost/test/unit_test.hpp>

#include "test/unit/monitoring/exposed.h"
#include "test/unit/monitoring/promql.h"

namespace migrate::monitoring {
namespace {

// What Prometheus adds to all series of a target; `node` by a relabelling of ours.
const std::set<std::string> kOfTarget{"job", "instance", "namespace", "pod", "node"};

std::set<std::string> all_labels() {
  std::set<std::string> all = kOfTarget;
  for (const auto& [name, labels] : exposed().series)
    all.insert(labels.begin(), labels.end());
  return all;
}

}  // namespace

void check_query(const std::string& where, const std::string& query, const std::set<std::string>& recorded) {
  const std::vector<Selector> selectors = selectors_of(query);
  BOOST_TEST(!selectors.empty(), where << " asks for nothing: " << query);
  for (const Selector& selector : selectors) {
    std::set<std::string> known = all_labels();
    if (const auto found = exposed().series.find(selector.metric); found != exposed().series.end()) {
      known = found->second;
      known.insert(kOfTarget.begin(), kOfTarget.end());
    } else {
      BOOST_TEST((selector.metric == "up" || recorded.contains(selector.metric)),
                 where << ": nobody exposes " << selector.metric);
    }
    for (const std::string& label : selector.labels)
      BOOST_TEST(known.contains(label), where << ": " << selector.metric << " has no label " << label);
  }
  for (const std::string& label : grouping_labels_of(query))
    BOOST_TEST(all_labels().contains(label), where << ": nothing has a label " << label);
}

}  // namespace migrate::monitoring
