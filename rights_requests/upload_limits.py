"""How much of an upload is read at all, before anything looks at what it is.

Django itself would write whatever anybody sends to the disk. This handler stands in the
settings for every page (FILE_UPLOAD_HANDLERS): of a file that is too large, or one too
many, nothing is kept but its name and its size. The rest of the form arrives as typed,
so that the page can be shown again with an error.

A body that is larger still is not even read: what stands in it before the first file is
taken and the page answers at once. A form therefore has its files at its end. The web
server reads at most 64 KiB more and closes the connection; browsers show the answer
although they have not finished sending.
"""

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import MultiValueDict

if TYPE_CHECKING:
    Upload = UploadedFile[bytes]
    Uploads = MultiValueDict[str, Upload]
else:  # Django's files take no type arguments when the code runs
    Upload = UploadedFile
    Uploads = MultiValueDict

MEGABYTE = 1024 * 1024
MOST_FILES = 5
MOST_BYTES = 10 * MEGABYTE
# What is allowed, and one file that is far too large: read, so that the answer comes
# to everybody, and thrown away.
MOST_READ = 64 * MEGABYTE
# What an upload may take of the memory; what is larger waits in a file without a name,
# which is gone when the process is.
IN_MEMORY = 256 * 1024
# More than the fields of a form may hold.
HEAD_BYTES = 64 * 1024

TOO_MANY = f"Choose at most {MOST_FILES} files"
TOO_LARGE = f"Choose a file of at most {MOST_BYTES // MEGABYTE} MB instead of “%s”"
TOO_MUCH = (
    f"Choose at most {MOST_FILES} files of {MOST_BYTES // MEGABYTE} MB each: "
    "what you sent is much larger"
)


class DiscardedUpload(Upload):
    """A file of which nothing was kept: why_not says it to the person, and size is
    that of the file, or of the whole form when not even that was read."""

    def __init__(self, *, name: str, field_name: str, size: int, why_not: str) -> None:
        super().__init__(file=BytesIO(), name=name, size=size)
        self.field_name = field_name
        self.why_not = why_not


def was_too_large(request: HttpRequest) -> bool:
    """Whether something of this form was not kept; the answer to it is 413."""
    return any(
        isinstance(file, DiscardedUpload)
        for _, files in request.FILES.lists()
        for file in files
    )


class BoundedUploads(FileUploadHandler):
    """Keeps up to five files of ten megabytes of a form."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._count = 0
        self._why_not = ""
        self._content: SpooledTemporaryFile[bytes] | None = None

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> tuple[QueryDict, Uploads] | None:
        """None, and so everything is read, unless much too much is announced. More
        than announced never comes: neither the web server nor Django reads on."""
        if content_length <= MOST_READ:
            return None
        return _fields_before_a_file(input_data, META, encoding)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._count += 1
        self._why_not = TOO_MANY if self._count > MOST_FILES else ""
        self._content = SpooledTemporaryFile(
            max_size=IN_MEMORY, dir=settings.FILE_UPLOAD_TEMP_DIR
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if not self._why_not and start + len(raw_data) > MOST_BYTES:
            self._why_not = TOO_LARGE % self.file_name
            self._forget()
        if self._content is not None and not self._why_not:
            self._content.write(raw_data)

    def file_complete(self, file_size: int) -> Upload:
        if self._why_not or self._content is None:
            self._forget()
            return DiscardedUpload(
                name=str(self.file_name),
                field_name=self.field_name,
                size=file_size,
                why_not=self._why_not,
            )
        content, self._content = self._content, None
        content.seek(0)
        return Upload(content, self.file_name, self.content_type, file_size)

    def upload_interrupted(self) -> None:
        self._forget()

    def _forget(self) -> None:
        if self._content is not None:
            self._content.close()
        self._content = None


def _fields_before_a_file(
    input_data: Any, META: dict[str, Any], encoding: str | None
) -> tuple[QueryDict, Uploads]:
    """Parse the beginning of the form, and say of its first file that it was too much."""
    length = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) + HEAD_BYTES
    head = BytesIO(input_data.read(length))
    stop = _StopAtFile()
    announced = META | {"CONTENT_LENGTH": len(head.getvalue())}
    post, files = MultiPartParser(announced, head, [stop], encoding).parse()
    file = DiscardedUpload(
        name=stop.file_name or "",
        field_name=stop.field_name,
        size=int(META["CONTENT_LENGTH"]),
        why_not=TOO_MUCH,
    )
    files.appendlist(stop.field_name, file)
    return post, files


class _StopAtFile(FileUploadHandler):
    field_name = ""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        raise StopUpload(connection_reset=True)
