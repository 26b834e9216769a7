from indexer.cli.comparing.markup import element, table, write_html

HOSTILE = "<script>alert(\"1\")</script> & 'so'"


def test_text_is_escaped_wherever_it_stands() -> None:
    page = write_html(element("p", HOSTILE, element("b", HOSTILE), HOSTILE))

    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 3
    assert page.count("&amp;") == 3


def test_an_attribute_cannot_end_before_its_end() -> None:
    assert write_html(element("img", alt='"><b>&')) == '<!doctype html>\n<img alt="&quot;&gt;<b&gt;&amp;">\n'


def test_content_keeps_its_order_and_empty_elements_their_form() -> None:
    page = write_html(element("p", "a", "b", element("br"), "c", "d", http_equiv="x"))

    assert page == '<!doctype html>\n<p http-equiv="x">ab<br>cd</p>\n'


def test_a_tables_first_column_names_its_rows() -> None:
    page = write_html(table(["", "1"], [("size", "<2>")]))

    assert '<th scope="col">1</th>' in page
    assert '<th scope="row">size</th><td>&lt;2&gt;</td>' in page
