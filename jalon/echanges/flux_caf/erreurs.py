"""Le refus d'un fichier : une phrase pour la personne, un code pour le programme."""


class FluxRefuseError(Exception):
    """Le fichier entier est refusé ; `str()` dit quoi, pourquoi et que faire, sans donnée personnelle."""

    def __init__(self, code: str, phrase: str) -> None:
        super().__init__(phrase)
        self.code = code

    def __reduce__(self) -> tuple[type["FluxRefuseError"], tuple[str, str]]:
        # Sans cela l'erreur ne traverse pas une frontière de processus (file de tâches, pool).
        return type(self), (self.code, str(self))
