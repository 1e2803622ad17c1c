#pragma once

#include <string>
#include <vector>

namespace crawler {

/// All of asyncio-crawl but `main`: takes the arguments after the program's name, returns the exit status.
int run_program(const std::vector<std::string>& arguments);

}  // namespace crawler
