"""Vérifications de l'installation : les mêmes à l'écran et en ligne de commande (« jalon verifier »)."""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from jalon.socle.rls import REGISTRE
from jalon.socle.secrets import FICHIER

Etat = Literal["bon", "attention", "mauvais"]

VERSION_MINIMALE = 150000
PLACE_MINIMALE = 1_000_000_000
PLACE_CONFORTABLE = 5_000_000_000
ECART_HORLOGE_ATTENTION = 2.0
ECART_HORLOGE_MAUVAIS = 30.0
ATTENTE_TRAVAIL = 15


@dataclass(frozen=True)
class Verification:
    """Un point vérifié : ce qu'on a vu, et quoi faire si ce n'est pas bon."""

    code: str
    libelle: str
    etat: Etat
    detail: str
    remede: str = ""


def verifier_installation() -> list[Verification]:
    """Passe toutes les vérifications ; l'une qui échoue n'empêche pas les autres."""
    base = _essayer(verifier_base)
    if base.etat == "mauvais":
        return [base, _essayer(verifier_disque), _essayer(verifier_cle)]
    suite = (
        verifier_role_web, verifier_lignes, verifier_journaux, verifier_migrations, verifier_file_travaux,
        verifier_horloge, verifier_disque, verifier_cle, verifier_https, verifier_courriel,
    )  # fmt: skip
    return [base, *(_essayer(verification) for verification in suite)]


def _essayer(verification: Callable[[], Verification]) -> Verification:
    try:
        with transaction.atomic():
            return verification()
    except DatabaseError as erreur:
        cause = str(erreur).strip().splitlines()[0] if str(erreur).strip() else type(erreur).__name__
        return Verification(
            verification.__name__.removeprefix("verifier_"),
            "Base de données",
            "mauvais",
            f"La base ne répond pas à cette vérification : {cause}",
            "Vérifiez que PostgreSQL tourne et que DATABASE_URL désigne la bonne base.",
        )


def _lire(requete: str, parametres: list[str | int] | None = None) -> list[tuple[object, ...]]:
    with connection.cursor() as curseur:
        curseur.execute(requete, parametres)
        return list(curseur.fetchall())


def verifier_base() -> Verification:
    numero = connection.cursor().connection.info.server_version
    lisible = f"PostgreSQL {numero // 10000}.{numero % 10000}"
    if numero < VERSION_MINIMALE:
        return Verification(
            "base", "Base de données", "mauvais", f"{lisible} : trop ancienne",
            "Passez à PostgreSQL 15 ou plus récent.",
        )  # fmt: skip
    return Verification("base", "Base de données", "bon", lisible)


def verifier_role_web() -> Verification:
    """La sécurité par ligne ne vaut que si le rôle web la subit et ne possède aucune table."""
    role = settings.ROLE_WEB
    libelle = "Rôle des requêtes web"
    lignes = _lire("select rolsuper, rolbypassrls from pg_roles where rolname = %s", [role])
    if not lignes:
        return Verification(
            "role_web", libelle, "mauvais", f"Le rôle « {role} » n'existe pas", "Relancez « jalon init ».",
        )  # fmt: skip
    if any(lignes[0]):
        return Verification(
            "role_web", libelle, "mauvais", f"Le rôle « {role} » contourne la sécurité par ligne",
            f"Exécutez : alter role {role} nosuperuser nobypassrls.",
        )  # fmt: skip
    possede = _lire(
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'S') "
        "and pg_get_userbyid(c.relowner) = %s",
        [role],
    )[0][0]
    if possede:
        return Verification(
            "role_web", libelle, "mauvais", f"Le rôle « {role} » possède {possede} objets de la base",
            "Rendez-les au rôle propriétaire (reassign owned by), puis relancez « jalon init ».",
        )  # fmt: skip
    return Verification("role_web", libelle, "bon", f"« {role} » ne possède rien et subit la sécurité par ligne")


def verifier_lignes() -> Verification:
    """Chaque table déclarée protégée l'est-elle vraiment ?"""
    posees = {
        str(nom)
        for (nom,) in _lire(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = 'public' and c.relrowsecurity "
            "and exists (select 1 from pg_policy p where p.polrelid = c.oid)"
        )
    }
    manquantes = sorted(set(REGISTRE.politiques) - posees)
    if manquantes:
        return Verification(
            "lignes", "Sécurité par ligne", "mauvais",
            f"{len(manquantes)} tables sans protection : {', '.join(manquantes)}", "Relancez « jalon init ».",
        )  # fmt: skip
    nombre = len(REGISTRE.politiques)
    return Verification("lignes", "Sécurité par ligne", "bon", f"{nombre} tables protégées sur {nombre}")


def verifier_journaux() -> Verification:
    """Le rôle web ajoute aux journaux sans pouvoir les récrire, et ne lit pas l'historique des colonnes."""
    fautes = [
        str(table)
        for table in sorted(REGISTRE.ajout_seul)
        if _lire("select has_table_privilege(%s, %s, 'update, delete, truncate')", [settings.ROLE_WEB, table])[0][0]
    ] + [
        str(table)
        for table in sorted(REGISTRE.fermees)
        if _lire("select has_table_privilege(%s, %s, 'select, update, delete')", [settings.ROLE_WEB, table])[0][0]
    ]
    if fautes:
        return Verification(
            "journaux", "Journaux inaltérables", "mauvais", f"Le rôle web peut récrire ou lire : {', '.join(fautes)}",
            "Relancez « jalon init ».",
        )  # fmt: skip
    nombre = len(REGISTRE.ajout_seul) + len(REGISTRE.fermees)
    detail = f"{nombre} tables que les requêtes web ne peuvent récrire"
    return Verification("journaux", "Journaux inaltérables", "bon", detail)


def verifier_migrations() -> Verification:
    executeur = MigrationExecutor(connection)
    restantes = len(executeur.migration_plan(executeur.loader.graph.leaf_nodes()))
    if restantes:
        pluriel = "s" if restantes > 1 else ""
        return Verification(
            "migrations", "Schéma de la base", "mauvais", f"{restantes} migration{pluriel} à passer",
            "Arrêtez l'application, relancez « jalon init », puis redémarrez.",
        )  # fmt: skip
    return Verification("migrations", "Schéma de la base", "bon", "Le schéma est celui de cette version")


def verifier_file_travaux() -> Verification:
    """Travaux en file : un échec se regarde, une file qui n'avance pas dit que l'exécuteur est arrêté."""
    comptes = {
        str(statut): int(str(nombre))
        for statut, nombre in _lire("select status::text, count(*) from procrastinate_jobs group by 1 order by 1")
    }
    en_retard = _lire(
        "select count(*) from procrastinate_jobs j where status = 'todo' "
        "and coalesce(scheduled_at, (select min(at) from procrastinate_events e where e.job_id = j.id)) "
        "< now() - make_interval(mins => %s)",
        [ATTENTE_TRAVAIL],
    )[0][0]
    detail = (
        f"{comptes.get('todo', 0)} à faire, {comptes.get('doing', 0)} en cours, "
        f"{comptes.get('succeeded', 0)} faits, {comptes.get('failed', 0)} en échec"
    )
    if en_retard:
        return Verification(
            "file", "File des travaux", "mauvais",
            f"{detail} ; {en_retard} attendent depuis plus de {ATTENTE_TRAVAIL} min",
            "L'exécuteur des travaux semble arrêté : relancez le service de travaux de Jalon.",
        )  # fmt: skip
    if comptes.get("failed"):
        return Verification(
            "file", "File des travaux", "attention", detail,
            "Lisez la cause des échecs dans le journal du service de travaux.",
        )  # fmt: skip
    return Verification("file", "File des travaux", "bon", detail)


def verifier_horloge() -> Verification:
    """Les délais légaux se comptent en dates : la base et l'application doivent avoir la même heure."""
    avant = time.time()
    heure_base = float(str(_lire("select extract(epoch from clock_timestamp())")[0][0]))
    ecart = abs(heure_base - (avant + time.time()) / 2)
    detail = f"{ecart:.1f} s d'écart entre la base et l'application".replace(".", ",")
    if ecart <= ECART_HORLOGE_ATTENTION:
        return Verification("horloge", "Horloge", "bon", detail)
    etat: Etat = "attention" if ecart <= ECART_HORLOGE_MAUVAIS else "mauvais"
    return Verification("horloge", "Horloge", etat, detail, "Mettez les machines à l'heure (service NTP).")


def verifier_disque() -> Verification:
    libre = shutil.disk_usage(settings.DONNEES).free
    detail = f"{libre / 1e9:.1f} Go libres dans {settings.DONNEES}".replace(".", ",", 1)
    if libre >= PLACE_CONFORTABLE:
        return Verification("disque", "Place sur le disque", "bon", detail)
    etat: Etat = "attention" if libre >= PLACE_MINIMALE else "mauvais"
    return Verification(
        "disque", "Place sur le disque", etat, detail,
        "Libérez de la place ou agrandissez le disque : un import mensuel en demande plusieurs gigaoctets.",
    )  # fmt: skip


def verifier_cle() -> Verification:
    """La clé maîtresse déchiffre les NIR : elle ne doit être lisible que du compte de l'application."""
    fichier = settings.DONNEES / "secrets" / FICHIER
    if not fichier.exists():
        return Verification("cle", "Clé maîtresse", "bon", "Donnée par l'environnement (JALON_CLE)")
    if stat.S_IMODE(fichier.stat().st_mode) & 0o077:
        return Verification(
            "cle", "Clé maîtresse", "mauvais", f"{fichier} est lisible par d'autres comptes",
            f"Exécutez : chmod 600 {fichier}",
        )  # fmt: skip
    return Verification("cle", "Clé maîtresse", "bon", f"{fichier}, lisible du seul compte de Jalon")


def verifier_https() -> Verification:
    if settings.HTTPS:
        return Verification("https", "Connexion chiffrée", "bon", "HTTPS exigé, cookies réservés à HTTPS")
    if settings.DEMONSTRATION:
        detail = "Sans HTTPS : permis en démonstration seulement"
        return Verification("https", "Connexion chiffrée", "attention", detail)
    return Verification(
        "https", "Connexion chiffrée", "mauvais", "Les pages sont servies sans HTTPS",
        "Placez un mandataire HTTPS devant Jalon et posez JALON_HTTPS=oui.",
    )  # fmt: skip


def verifier_courriel() -> Verification:
    if "console" not in settings.EMAIL_BACKEND and "dummy" not in settings.EMAIL_BACKEND:
        return Verification("courriel", "Envoi des courriels", "bon", f"Expéditeur : {settings.DEFAULT_FROM_EMAIL}")
    return Verification(
        "courriel", "Envoi des courriels", "attention",
        "Les courriels s'écrivent à la console : personne ne les reçoit",
        "Posez JALON_COURRIEL et les réglages du serveur d'envoi.",
    )  # fmt: skip
