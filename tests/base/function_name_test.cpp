#include <asyncio/base/function_name.hpp>

#include <gtest/gtest.h>

#include <source_location>
#include <string>

namespace {

using asyncio::detail::file_and_line;
using asyncio::detail::function_name;
using asyncio::detail::is_internal_function;

TEST(FunctionName, of_what_gcc_says) {
    EXPECT_EQ(function_name("C {anonymous}::fn(int)"), "fn");
    EXPECT_EQ(function_name("void {anonymous}::fn(fn(int)::_ZN12_GLOBAL__N_12fnEi.Frame*)"), "fn");
    EXPECT_EQ(function_name("C n::tfn(T) [with T = double; int N = 3]"), "n::tfn");
    EXPECT_EQ(function_name("void n::run(run<main(int, char**)::<lambda(int)> >(main(int, char**)::<lambda(int)>)::_Z"
                            ".Frame*)"),
              "n::run");
    EXPECT_EQ(function_name("static asyncio::Coro<std::tuple<int, char> > S::st()"), "S::st");
    EXPECT_EQ(function_name("void S::tm(S::tm<int>(int)::_ZN1S2tmIiEE1CT_.Frame*)"), "S::tm");
    EXPECT_EQ(function_name("C Op::operator()(int)"), "Op::operator()");
    EXPECT_EQ(function_name("bool operator<(A, B)"), "operator<");
    EXPECT_EQ(function_name("decltype(auto) n::f(int)"), "n::f");
}

TEST(FunctionName, of_what_clang_says) {
    EXPECT_EQ(function_name("C (anonymous namespace)::fn(int)"), "fn");
    EXPECT_EQ(function_name("Coro<int> (anonymous namespace)::S::tm(T) [T = int]"), "S::tm");
    EXPECT_EQ(function_name("static Coro<void> n::S::st()"), "n::S::st");
}

TEST(FunctionName, a_lambda_is_not_the_function_that_it_stands_in) {
    EXPECT_EQ(function_name("main(int, char**)::<lambda(int)>"), "main::<lambda>");
    EXPECT_EQ(function_name("void main()::<lambda(int)>::operator()(main()::<lambda(int)>::_ZZ4mainENK.Frame*)"),
              "main::<lambda>");
    EXPECT_EQ(function_name("void n::f()::<lambda(int)>::<lambda()>::operator()(n::f()::<lambda(int)>::_Z.Frame*)"),
              "n::f::<lambda>::<lambda>");
    EXPECT_EQ(function_name("n::f(f()::_ZN1n3fn2Ev.Frame*)::<lambda(auto:1)> [with auto:1 = double]"),
              "n::f::<lambda>");
    EXPECT_EQ(function_name("<lambda(int)>"), "<lambda>");
    EXPECT_EQ(function_name("void<lambda(int)>::operator()(<lambda(int)>::_ZNK6globalMUliE_clEi.Frame*)"), "<lambda>");
    EXPECT_EQ(function_name("{anonymous}::Suite_name_Test::TestBody()::<lambda()>"),
              "Suite_name_Test::TestBody::<lambda>");
    EXPECT_EQ(function_name("auto main(int, char **)::(anonymous class)::operator()(int) const"), "main::<lambda>");
    EXPECT_EQ(function_name("auto S::f() const::(anonymous class)::operator()() const"), "S::f::<lambda>");
    EXPECT_EQ(function_name("main::{lambda(int)#1}::operator()(int) const"), "main::<lambda>");
}

TEST(FunctionName, of_demangled_symbols) {
    EXPECT_EQ(function_name("(anonymous namespace)::f<int>(int)"), "f");
    EXPECT_EQ(function_name("void (anonymous namespace)::f<std::vector<int> >(int)"), "f");
    EXPECT_EQ(function_name("main"), "main");
}

TEST(FunctionName, file_and_line_of_a_place) {
    EXPECT_EQ(file_and_line("shop.cpp", 12), "shop.cpp:12");
    EXPECT_EQ(file_and_line("", 0), ":0");
    const std::source_location here = std::source_location::current();
    EXPECT_EQ(file_and_line(here), __FILE__ + (":" + std::to_string(here.line())));
}

TEST(FunctionName, internal_ones) {
    EXPECT_TRUE(is_internal_function("asyncio::Coro<R> asyncio::detail::run_with(Manager, Body) [with R = void]"));
    EXPECT_TRUE(is_internal_function("void asyncio::detail::run_with(run_with<X>(X)::_ZN.Frame*)"));
    EXPECT_FALSE(is_internal_function("asyncio::Coro<> f(asyncio::detail::Slot<int>)"));
    EXPECT_FALSE(is_internal_function("asyncio::Coro<> asyncio::StreamWriter::wait_closed()"));
}

}  // namespace
