// Whether a query asks for what is there.
#pragma once

#include <set>
#include <string>

namespace migrate::monitoring {

// Fails the test for each name of a series or label in `query` that neither the programs expose nor `recorded` has, the
// names that rules give. `where` is for the message.
void check_query(const std::string& where, const std::string& query, const std::set<std::string>& recorded = {});

}  // namespace migrate::monitoring
