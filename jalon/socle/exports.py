"""Écriture d'une liste dans un fichier : CSV, classeur Excel ou classeur OpenDocument.

Le fichier est écrit en entier pendant la vue : le corps d'une réponse en flux est lu après la transaction
de la requête, quand la sécurité par ligne ne montre plus rien. Les lignes sont lues une à une, quelle que
soit leur provenance : la mémoire ne dépend pas de leur nombre.

Un texte qui commence comme une formule n'en devient jamais une : apostrophe en tête dans le CSV (les
tableurs n'ont pas d'autre signe), cellule de type texte dans les deux classeurs.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import IO, Any, cast
from xml.sax.saxutils import escape, quoteattr

from django.utils.timezone import is_aware, make_naive
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

Cell = str | int | float | Decimal | date | datetime | bool | None

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
"""Caractères qu'aucun document XML ne peut contenir."""


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    ODS = "ods"

    @property
    def mime(self) -> str:
        return {
            ExportFormat.CSV: "text/csv; charset=utf-8",
            ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ExportFormat.ODS: "application/vnd.oasis.opendocument.spreadsheet",
        }[self]


@dataclass
class ExportFile:
    """Fichier écrit, ouvert au début, avec le nombre de lignes qu'il porte (sans l'en-tête)."""

    stream: IO[bytes]
    name: str
    mime: str
    rows: int


def export_table(
    base: str, format: ExportFormat, headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, day: date
) -> ExportFile:
    """Écrit le fichier dans un dossier temporaire ; il disparaît quand il est fermé."""
    stream = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115 - rendu ouvert à la réponse, qui le ferme
    writer = {ExportFormat.CSV: _write_csv, ExportFormat.XLSX: _write_xlsx, ExportFormat.ODS: _write_ods}[format]
    try:
        count = writer(stream, headers, rows)
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    return ExportFile(stream, f"{base}-{day:%Y-%m-%d}.{format}", format.mime, count)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _plain(value: datetime) -> datetime:
    """Les tableurs ignorent les fuseaux : l'heure écrite est celle de Paris."""
    return make_naive(value) if is_aware(value) else value


# --- CSV


def _csv_cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, datetime):
        return f"{_plain(value):%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, int | float | Decimal):
        return str(value).replace(".", ",")
    text = _clean(value)
    return f"'{text}" if text.lstrip(" \xa0").startswith(FORMULA_STARTS) else text


def _write_csv(stream: IO[bytes], headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", errors="replace")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([_csv_cell(header) for header in headers])
    count = 0
    for row in rows:
        writer.writerow([_csv_cell(value) for value in row])
        count += 1
    text.flush()
    text.detach()
    return count


# --- Excel


def _xlsx_cell(sheet: Any, value: Cell) -> object:
    if value is None or isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, date):
        with_hour = isinstance(value, datetime)
        cell = WriteOnlyCell(sheet, cast(datetime, _plain(value) if isinstance(value, datetime) else value))
        cell.number_format = "dd/mm/yyyy hh:mm" if with_hour else "dd/mm/yyyy"
        return cell
    text = _clean(value)
    if not text.startswith(FORMULA_STARTS):
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell


def _write_xlsx(stream: IO[bytes], headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("Liste")
    sheet.freeze_panes = "A2"
    for index, header in enumerate(headers, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(14, min(40, len(header) + 4))
    titles = []
    for header in headers:
        title = WriteOnlyCell(sheet, _clean(header))
        title.data_type = "s"
        title.font = Font(bold=True)
        titles.append(title)
    sheet.append(titles)
    count = 0
    try:
        for row in rows:
            sheet.append([_xlsx_cell(sheet, value) for value in row])
            count += 1
    except BaseException:
        sheet.close()
        raise
    if headers:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(headers))}{count + 1}"
    book.save(stream)
    return count


# --- OpenDocument : écrit directement (odfpy garde tout l’arbre en mémoire et met dix fois plus de temps)

_ODS_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
    '<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{mime}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
_ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
    'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" office:version="1.3">'
    "<office:automatic-styles>"
    '<number:date-style style:name="jour"><number:day number:style="long"/><number:text>/</number:text>'
    '<number:month number:style="long"/><number:text>/</number:text><number:year number:style="long"/>'
    "</number:date-style>"
    '<number:date-style style:name="heure"><number:day number:style="long"/><number:text>/</number:text>'
    '<number:month number:style="long"/><number:text>/</number:text><number:year number:style="long"/>'
    '<number:text> </number:text><number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/></number:date-style>'
    '<style:style style:name="d" style:family="table-cell" style:data-style-name="jour"/>'
    '<style:style style:name="h" style:family="table-cell" style:data-style-name="heure"/>'
    '<style:style style:name="t" style:family="table-cell"><style:text-properties fo:font-weight="bold"/></style:style>'
    "</office:automatic-styles>"
    '<office:body><office:spreadsheet><table:table table:name="Liste">'
    '<table:table-column table:number-columns-repeated="{columns}"/>'
)
_ODS_TAIL = "</table:table></office:spreadsheet></office:body></office:document-content>"


def _ods_text(text: str, style: str = "") -> str:
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in _clean(text).split("\n"))
    return f'<table:table-cell{style} office:value-type="string">{paragraphs}</table:table-cell>'


def _ods_cell(value: Cell) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(value, bool):
        return _ods_text("oui" if value else "non")
    if isinstance(value, datetime):
        moment = _plain(value)
        return (
            f'<table:table-cell table:style-name="h" office:value-type="date" '
            f'office:date-value="{moment:%Y-%m-%dT%H:%M:%S}">'
            f"<text:p>{moment:%d/%m/%Y %H:%M}</text:p></table:table-cell>"
        )
    if isinstance(value, date):
        return (
            f'<table:table-cell table:style-name="d" office:value-type="date" '
            f'office:date-value="{value:%Y-%m-%d}"><text:p>{value:%d/%m/%Y}</text:p></table:table-cell>'
        )
    if isinstance(value, int | float | Decimal):
        shown = str(value).replace(".", ",")
        return (
            f'<table:table-cell office:value-type="float" office:value={quoteattr(str(value))}>'
            f"<text:p>{shown}</text:p></table:table-cell>"
        )
    return _ods_text(value)


def _write_ods(stream: IO[bytes], headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    count = 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr("mimetype", ExportFormat.ODS.mime, zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", _ODS_MANIFEST.format(mime=ExportFormat.ODS.mime))
        with archive.open("content.xml", "w", force_zip64=True) as content:
            content.write(_ODS_HEAD.format(columns=max(1, len(headers))).encode())
            titles = "".join(_ods_text(header, ' table:style-name="t"') for header in headers)
            content.write(
                f"<table:table-header-rows><table:table-row>{titles}</table:table-row></table:table-header-rows>".encode()
            )
            for row in rows:
                line = "".join(map(_ods_cell, row))
                content.write(f"<table:table-row>{line}</table:table-row>".encode())
                count += 1
            content.write(_ODS_TAIL.encode())
    return count
