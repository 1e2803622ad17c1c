#include "file_tree.hpp"

#include "temporary_tree.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <string>

namespace static_server {
namespace {

/// What a path finds: the content of a file, or why there is none.
std::string find(const FileTree& tree, std::string_view path) {
    auto found = tree.find(path);
    if (std::holds_alternative<NotFound>(found)) return "(not found)";
    if (std::holds_alternative<MissingSlash>(found)) return "(missing slash)";
    const OpenFile& file = std::get<OpenFile>(found);
    return file.read(0, file.size());
}

TEST(FileTree, finds_files_and_index_pages) {
    const TemporaryTree directory;
    directory.write("index.html", "root");
    directory.write("a/index.html", "index of a");
    directory.write("a/b c.txt", "text");
    directory.write("empty/.keep", "");
    const FileTree tree(directory.path());
    EXPECT_EQ(find(tree, "/"), "root");
    EXPECT_EQ(find(tree, "/a/"), "index of a");
    EXPECT_EQ(find(tree, "/a"), "(missing slash)");
    EXPECT_EQ(find(tree, "/a/b c.txt"), "text");
    EXPECT_EQ(find(tree, "/empty/"), "(not found)");
    EXPECT_EQ(find(tree, "/nothing"), "(not found)");
    EXPECT_EQ(find(tree, "/index.html/"), "(not found)");
}

TEST(FileTree, follows_links_only_inside) {
    const TemporaryTree outside;
    outside.write("secret", "secret");
    outside.write("index.html", "secret");
    const TemporaryTree directory;
    directory.write("real/file", "inside");
    std::filesystem::create_symlink("real", directory.path() / "good");
    std::filesystem::create_symlink(outside.path() / "secret", directory.path() / "bad");
    std::filesystem::create_symlink(outside.path(), directory.path() / "bad_directory");
    std::filesystem::create_symlink("..", directory.path() / "up");
    std::filesystem::create_symlink("loop", directory.path() / "loop");
    const FileTree tree(directory.path());
    EXPECT_EQ(find(tree, "/good/file"), "inside");
    EXPECT_EQ(find(tree, "/bad"), "(not found)");
    EXPECT_EQ(find(tree, "/bad_directory"), "(not found)");
    EXPECT_EQ(find(tree, "/bad_directory/"), "(not found)");
    EXPECT_EQ(find(tree, "/bad_directory/secret"), "(not found)");
    EXPECT_EQ(find(tree, "/up/" + outside.path().filename().string() + "/secret"), "(not found)");
    EXPECT_EQ(find(tree, "/loop"), "(not found)");
}

TEST(FileTree, does_not_take_a_sibling_for_a_part_of_itself) {
    const TemporaryTree directory;
    directory.write("tree/file", "inside");
    directory.write("tree2/file", "outside");
    std::filesystem::create_symlink("../tree2/file", directory.path() / "tree" / "link");
    const FileTree tree(directory.path() / "tree");
    EXPECT_EQ(find(tree, "/link"), "(not found)");
}

TEST(FileTree, does_not_open_a_pipe) {
    const TemporaryTree directory;
    ASSERT_EQ(::mkfifo((directory.path() / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(find(FileTree(directory.path()), "/pipe"), "(not found)");
}

TEST(FileTree, needs_a_directory) {
    const TemporaryTree directory;
    directory.write("file", "");
    EXPECT_THROW(FileTree(directory.path() / "file"), std::filesystem::filesystem_error);
    EXPECT_THROW(FileTree(directory.path() / "nothing"), std::filesystem::filesystem_error);
}

TEST(OpenFile, reads_pieces_up_to_its_end) {
    const TemporaryTree directory;
    directory.write("file", "0123456789");
    auto found = FileTree(directory.path()).find("/file");
    const OpenFile& file = std::get<OpenFile>(found);
    EXPECT_EQ(file.size(), 10U);
    EXPECT_EQ(file.name(), "file");
    EXPECT_EQ(file.read(3, 4), "3456");
    EXPECT_EQ(file.read(8, 4), "89");
    EXPECT_EQ(file.read(10, 4), "");
}

}  // namespace
}  // namespace static_server
