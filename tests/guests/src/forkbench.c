/* What processes cost: fork, vfork and exec with wait, and a short mapping; times for people, no test reads them. argv[1]: how often. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <time.h>
#include <sys/wait.h>
#include <sys/mman.h>
static double now(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec*1e6+t.tv_nsec/1e3;}
int main(int c,char**v){
  if(c>1&&!strcmp(v[1],"-"))return 0;
  int n=1000; if(c>1)n=atoi(v[1]);
  double a=now();
  for(int i=0;i<n;i++){pid_t p=fork(); if(!p)_exit(0); int s; waitpid(p,&s,0);}
  double b=now(); printf("fork+wait %.1f us\n",(b-a)/n);
  a=now();
  for(int i=0;i<n;i++){pid_t p=vfork(); if(!p)_exit(0); int s; waitpid(p,&s,0);}
  b=now(); printf("vfork+wait %.1f us\n",(b-a)/n);
  a=now(); int m=n/5; 
  for(int i=0;i<m;i++){pid_t p=vfork(); if(!p){execl("/proc/self/exe",v[0],"-",NULL);_exit(1);} int s; waitpid(p,&s,0); if(s)return 1;}
  b=now(); printf("vfork+exec+wait %.1f us\n",(b-a)/m);
  a=now();
  for(int i=0;i<n*10;i++){char*p=mmap(0,65536,3,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); p[0]=1;p[40000]=2; munmap(p,65536);}
  b=now(); printf("mmap+2touch+munmap %.2f us\n",(b-a)/(n*10));
}
