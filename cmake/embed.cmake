# The files below DIR as C: struct tt_page_file { path, data, len } tt_page_files[], ended by a NULL path.
file(GLOB_RECURSE files RELATIVE ${DIR} ${DIR}/*)
list(SORT files)
set(arrays "")
set(rows "")
set(n 0)
foreach(f IN LISTS files)
	file(READ ${DIR}/${f} hex HEX)
	string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(APPEND arrays "static const unsigned char file_${n}[] = {\n${bytes}0 };\n")
	string(APPEND rows "\t{ \"/${f}\", file_${n}, sizeof file_${n} - 1 },\n")
	math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT} "/* made by cmake/embed.cmake from web/ */
#include \"signal/page_files.h\"

${arrays}
const struct tt_page_file tt_page_files[] = {
${rows}\t{ 0, 0, 0 },
};
")
