# -DIN=FILE -DOUT=HEADER -DNAME=name: a header with the file's text as `static const char name[]`.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," text "${hex}")
file(WRITE ${OUT} "static const char ${NAME}[] = {${text} 0};\n")
