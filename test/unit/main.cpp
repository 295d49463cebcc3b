// The main of every unit test program; the cases stand beside it, in the subject's folder.
#define BOOST_TEST_MODULE kubectl_migrate
#include <boost/test/unit_test.hpp>
