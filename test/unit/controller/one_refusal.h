// What a table of refusals expects of each row.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "extender/controller/refusals.h"

namespace migrate::controller {

// One, for that reason and with these words in its message; none where there is no reason.
inline void check_refusal(const std::vector<Refusal>& found, const std::string& reason, const std::string& says) {
  if (reason.empty()) {
    BOOST_TEST(found.empty(), (found.empty() ? "" : found.front().message));
    return;
  }
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found.front().reason == reason);
  BOOST_TEST(found.front().message.find(says) != std::string::npos, found.front().message);
}

}  // namespace migrate::controller
