"""Porter un flux dans la base, lot par lot, à l'intérieur d'une seule transaction.

Pour chaque lot de foyers : lire ce que la base en sait (quelques requêtes pour tout le lot), reconnaître
dossiers et personnes, comparer les faits, puis écrire par COPY. Le même chemin sert au premier chargement,
au mois suivant, au flux ancien et au foyer rejoué ; un foyer inchangé n'arrive pas jusqu'ici.
"""

from jalon.echanges.flux_caf.integration.bilan import FERMES, Bilan, Contexte, Ordre
from jalon.echanges.flux_caf.integration.ensemble import Integration

__all__ = ["FERMES", "Bilan", "Contexte", "Integration", "Ordre"]
